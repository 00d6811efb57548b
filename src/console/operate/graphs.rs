//! Small graphs of an hour: a line for each series, drawn with attributes alone, and in words for those who can't see it.

use maud::{Markup, html};

/// How wide and how high a graph is, in its own units.
const SIZE: (f64, f64) = (240.0, 48.0);

/// A series: a class for its colour, what it is called, and its points, each with its place in the hour from 0 to 1.
pub(super) struct Line {
    /// The class.
    pub class: &'static str,
    /// Its name; empty where there is one line.
    pub name: &'static str,
    /// Its points.
    pub points: Vec<(f64, f64)>,
}

/// A graph.
pub(super) struct Graph {
    /// What it is of.
    pub title: &'static str,
    /// What it is now.
    pub now: String,
    /// Its lines.
    pub lines: Vec<Line>,
    /// A value in words.
    pub words: fn(f64) -> String,
}

impl Graph {
    /// The figure.
    pub fn drawn(&self) -> Markup {
        let values = self.lines.iter().flat_map(|line| &line.points).map(|(_, value)| *value);
        let most = values.fold(0.0, f64::max);
        let told = format!("{}: now {}, at most {} in the last hour", self.title, self.now, (self.words)(most));
        html! {
            figure class="graph" {
                figcaption {
                    span class="muted" { (self.title) }
                    strong class="number" { (self.now) }
                }
                svg viewBox={ "0 0 " (SIZE.0) " " (SIZE.1) } preserveAspectRatio="none" role="img" aria-label=(told) {
                    @for line in &self.lines {
                        polyline class=(line.class) vector-effect="non-scaling-stroke" points=(points(&line.points, most)) {}
                    }
                }
                p class="small muted" {
                    @for line in self.lines.iter().filter(|line| !line.name.is_empty()) {
                        span class={ "key " (line.class) } {} (line.name) " "
                    }
                    @if self.lines.len() > 1 { "· " } "at most " ((self.words)(most))
                }
            }
        }
    }
}

/// The points of a line, so that the greatest value is near the upper edge.
fn points(points: &[(f64, f64)], most: f64) -> String {
    let scale = if most > 0.0 { (SIZE.1 - 4.0) / most } else { 0.0 };
    let point = |(place, value): &(f64, f64)| format!("{:.0},{:.1}", place * SIZE.0, SIZE.1 - 2.0 - value * scale);
    points.iter().map(point).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_value_is_at_the_top_and_nothing_at_the_bottom() {
        assert_eq!(points(&[(0.0, 0.0), (0.5, 2.0), (1.0, 4.0)], 4.0), "0,46.0 120,24.0 240,2.0");
        assert_eq!(points(&[(0.5, 0.0)], 0.0), "120,46.0");
    }
}
