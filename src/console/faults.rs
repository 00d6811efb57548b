//! What is wrong with the fields of a form, said where it is.

use maud::{Markup, html};

use crate::domain::Violations;

/// What is wrong with a field, or a part of it.
pub(super) fn faults(wrong: Option<&Violations>, pointer: &str) -> Markup {
    let is_here =
        |other: &str| other.strip_prefix(pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let found = wrong.into_iter().flat_map(Violations::iter).filter(|violation| is_here(&violation.pointer));
    html! {
        @for violation in found {
            p class="error" role="alert" {
                @if let Some(part) = part(&violation.pointer, pointer) { (part) ": " }
                (violation.detail)
            }
        }
    }
}

/// Which part of a field it is: a tag by its number, metadata by its key.
fn part(pointer: &str, of: &str) -> Option<String> {
    let rest = pointer.strip_prefix(of)?.strip_prefix('/')?;
    match rest.parse::<usize>() {
        Ok(index) if of == "/tags" => Some(format!("Tag {}", index + 1)),
        _ => Some(rest.replace("~1", "/").replace("~0", "~")),
    }
}
