//! Which requests are shown, as the URL says.

use maud::{Markup, html};

use crate::console::links::with_query;
use crate::domain::{TenantId, Timestamp};
use crate::operations::Operation;
use crate::telemetry::recorder::{Wanted, wanted_attribute};

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
/// For operators: the slowest of all, wherever they are.
const SLOWEST: &str = "slowest";
/// How long the time is that a filter by time is of, in seconds: what a cell of the overview stands for.
const WINDOW: u64 = 300;
/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;

/// What a list is narrowed to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Filter {
    /// Which are worth it.
    pub show: String,
    /// What they asked for; empty for anything.
    pub operation: String,
    /// For operators: the method and the route; empty for any.
    pub on: String,
    /// For operators: the first second of the time that they came in.
    pub from: Option<u64>,
    /// For operators: the workspace.
    pub workspace: Option<TenantId>,
    /// For operators: attributes of spans, as `key:value`.
    pub attributes: Vec<String>,
    /// Whether this is for operators.
    pub is_of_operators: bool,
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

    /// What a query string of an operator says.
    pub fn of_operators(query: &str) -> Self {
        let mut filter = Self { is_of_operators: true, ..Self::parse(query) };
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "show" if value == SLOWEST => filter.show = value.into_owned(),
                "on" => filter.on = value.into_owned(),
                "from" => filter.from = value.parse().ok().filter(|from| *from < u64::MAX / SECOND - WINDOW),
                "attribute" if wanted_attribute(&value).is_some() => filter.attributes.push(value.into_owned()),
                "workspace" => filter.workspace = uuid::Uuid::parse_str(&value).ok().map(Into::into),
                _ => {}
            }
        }
        filter
    }

    /// Whether the slowest are wanted first.
    pub fn is_slowest(&self) -> bool {
        self.show == SLOWEST
    }

    /// What is asked of the recorder.
    pub fn wanted(&self) -> Wanted {
        let choice = CHOICES.iter().find(|(name, ..)| *name == self.show);
        let (status, least) = choice.map_or((None, None), |(_, _, status, least)| (*status, *least));
        Wanted {
            status,
            at_least: least.map(|milliseconds| milliseconds * 1_000_000),
            operation: operation(&self.operation),
            name: Some(self.on.clone()).filter(|name| !name.is_empty()),
            since: self.from.map(|from| from * SECOND),
            until: self.from.map(|from| (from + WINDOW) * SECOND),
            tenant: self.workspace,
            attributes: self.attributes.iter().filter_map(|pair| wanted_attribute(pair)).collect(),
            ..Wanted::default()
        }
    }

    /// Where this is shown, from a cursor on if there is one.
    pub fn link(&self, place: &str, cursor: &str) -> String {
        let pairs = self.pairs();
        let pairs = pairs.iter().map(|(name, value)| (*name, value.as_str()));
        let pairs: Vec<(&str, &str)> =
            pairs.chain([("cursor", cursor)].into_iter().filter(|_| !cursor.is_empty())).collect();
        with_query(place, &pairs)
    }

    /// What it is made of, as a query string has it.
    fn pairs(&self) -> Vec<(&'static str, String)> {
        let pairs = [
            ("show", self.show.clone()),
            ("operation", self.operation.clone()),
            ("on", self.on.clone()),
            ("from", self.from.map(|from| from.to_string()).unwrap_or_default()),
            ("workspace", self.workspace.map(|id| id.to_string()).unwrap_or_default()),
        ];
        let attributes = self.attributes.iter().map(|pair| ("attribute", pair.clone()));
        pairs.into_iter().filter(|(_, value)| !value.is_empty()).chain(attributes).collect()
    }

    /// The ways to narrow a list at this place, or to widen it again.
    pub fn choices(&self, place: &str) -> Markup {
        let choices = CHOICES.iter().map(|(name, label, ..)| (*name, *label));
        let choices = choices.chain(self.is_of_operators.then_some((SLOWEST, "Slowest first")));
        html! {
            div class="head tools" {
                nav class="sorts first" aria-label="Which requests" {
                    @for (name, label) in choices {
                        a href=(Self { show: name.to_owned(), ..self.clone() }.link(place, ""))
                            aria-current=[(self.show == name).then_some("true")] { (label) }
                    }
                }
                div class="chips" {
                    @for (label, value, without) in self.chips() {
                        a class="chip" href=(without.link(place, "")) aria-label=(format!("Remove the filter {label} {value}")) {
                            span class="muted" { (label) " " } (value) span aria-hidden="true" { " ×" }
                        }
                    }
                }
                @if self.is_of_operators { (self.by_attribute(place)) }
            }
        }
    }

    /// What narrows it further, by an attribute of a span.
    fn by_attribute(&self, place: &str) -> Markup {
        html! {
            search {
                form action=(place) class="inline" {
                    @for (name, value) in self.pairs() { input type="hidden" name=(name) value=(value); }
                    input type="search" name="attribute" maxlength="200" placeholder="key:value" aria-label="Attribute of a span, as key:value";
                    button { "Find" }
                }
            }
        }
    }

    /// What it is narrowed to besides, each with the filter without it.
    fn chips(&self) -> Vec<(&'static str, String, Self)> {
        let mut chips = Vec::new();
        if !self.operation.is_empty() {
            chips.push(("operation", self.operation.clone(), Self { operation: String::new(), ..self.clone() }));
        }
        if !self.on.is_empty() {
            chips.push(("route", self.on.clone(), Self { on: String::new(), ..self.clone() }));
        }
        for (place, pair) in self.attributes.iter().enumerate() {
            let mut without = self.clone();
            without.attributes.remove(place);
            chips.push(("attribute", pair.clone(), without));
        }
        if let Some(workspace) = self.workspace {
            chips.push(("workspace", workspace.to_string(), Self { workspace: None, ..self.clone() }));
        }
        if let Some(from) = self.from {
            let clock = |second: u64| {
                let at = i64::try_from(second).ok().and_then(|second| Timestamp::from_second(second).ok());
                at.map(|at| at.strftime("%H:%M").to_string()).unwrap_or_default()
            };
            let value = format!("{} to {} UTC", clock(from), clock(from + WINDOW));
            chips.push(("from", value, Self { from: None, ..self.clone() }));
        }
        chips
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

    #[test]
    fn operators_narrow_by_more_and_others_do_not() {
        let query = "show=slowest&on=GET+%2Flivez&from=1000&workspace=01890000-0000-7000-8000-000000000000\
            &attribute=a%3Ab&attribute=none&attribute=c.d%3Ae+f%3Ag";
        let filter = Filter::of_operators(query);
        assert!(filter.is_slowest());
        let wanted = filter.wanted();
        assert_eq!(wanted.name.as_deref(), Some("GET /livez"));
        assert_eq!((wanted.since, wanted.until), (Some(1_000 * SECOND), Some(1_300 * SECOND)));
        assert!(wanted.tenant.is_some());
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        assert_eq!(wanted.attributes, [pair("a", "b"), pair("c.d", "e f:g")]);
        let link = filter.link("/place", "");
        assert_eq!(Filter::of_operators(link.split_once('?').expect("a query").1), filter);
        assert_eq!(Filter::parse(query), Filter::default());
        assert_eq!(Filter::of_operators("from=18446744073709551615&workspace=x").link("/place", ""), "/place");
    }
}
