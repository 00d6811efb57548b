//! Which requests are shown, as the URL says.

use maud::{Markup, html};

use crate::console::links::with_query;
use crate::operations::Operation;
use crate::telemetry::recorder::Wanted;

/// What can be chosen, by its name in the URL: the statuses from and to, and the least duration in milliseconds.
type Choice = (&'static str, &'static str, Option<(u16, u16)>, Option<u64>);

/// Which requests are worth looking at.
const CHOICES: [Choice; 6] = [
    ("", "All", None, None),
    ("failures", "Failures", Some((500, 599)), None),
    ("refusals", "Refusals", Some((400, 498)), None),
    ("left", "Client left", Some((499, 499)), None),
    ("slow", "Over 10 ms", None, Some(10)),
    ("slower", "Over 100 ms", None, Some(100)),
];

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Which are worth it.
    pub show: String,
    /// What they asked for; empty for anything.
    pub operation: String,
}

impl Filter {
    /// What a query string says. What is not known narrows nothing.
    pub fn parse(query: &str) -> Self {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "show" if CHOICES.iter().any(|(choice, ..)| *choice == value) => filter.show = value.into_owned(),
                "operation" if operation(&value).is_some() => filter.operation = value.into_owned(),
                _ => {}
            }
        }
        filter
    }

    /// What is asked of the recorder.
    pub fn wanted(&self) -> Wanted {
        let choice = CHOICES.iter().find(|(name, ..)| *name == self.show);
        let (status, least) = choice.map_or((None, None), |(_, _, status, least)| (*status, *least));
        Wanted {
            status,
            at_least: least.map(|milliseconds| milliseconds * 1_000_000),
            operation: operation(&self.operation),
            ..Wanted::default()
        }
    }

    /// Where this is shown, from a cursor on if there is one.
    pub fn link(&self, place: &str, cursor: &str) -> String {
        let pairs = [("show", self.show.as_str()), ("operation", &self.operation), ("cursor", cursor)];
        let pairs: Vec<(&str, &str)> = pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        with_query(place, &pairs)
    }

    /// The ways to narrow a list at this place, or to widen it again.
    pub fn choices(&self, place: &str) -> Markup {
        html! {
            div class="head tools" {
                nav class="sorts first" aria-label="Which requests" {
                    @for (name, label, ..) in CHOICES {
                        a href=(Self { show: name.to_owned(), ..self.clone() }.link(place, ""))
                            aria-current=[(self.show == name).then_some("true")] { (label) }
                    }
                }
                @if !self.operation.is_empty() {
                    a class="chip" href=(Self { operation: String::new(), ..self.clone() }.link(place, ""))
                        aria-label=(format!("Remove the filter operation {}", self.operation)) {
                        span class="muted" { "operation " } (self.operation) span aria-hidden="true" { " ×" }
                    }
                }
            }
        }
    }
}

fn operation(name: &str) -> Option<Operation> {
    Operation::ALL.into_iter().find(|operation| !name.is_empty() && operation.span_name() == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_the_same_filter() {
        let filter = Filter::parse("show=slow&operation=artifact.create&cursor=x");
        assert_eq!(filter.wanted().at_least, Some(10_000_000));
        assert_eq!(filter.wanted().operation, Some(Operation::ArtifactCreate));
        let link = filter.link("/place", "");
        assert_eq!(Filter::parse(link.split_once('?').expect("a query").1), filter);
        assert_eq!(Filter::parse("show=everything&operation=none"), Filter::default());
        assert_eq!(Filter::default().link("/place", ""), "/place");
    }
}
