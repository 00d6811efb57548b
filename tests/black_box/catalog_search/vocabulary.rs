//! The words of the random catalogs. They are chosen so that nobody can argue about which match: no form of one is like
//! a form of another, nor begins as another does, and what the forms of a word are is written down, not computed.

use proptest::prelude::*;
use proptest::sample::select;

/// Words with their forms: whoever asks for one means all in its row.
pub const FAMILIES: &[&[&str]] = &[
    &["invoice", "invoices", "invoiced"],
    &["deploy", "deploys", "deployed", "deploying"],
    &["category", "categories"],
    &["report", "reports", "reporting"],
    &["cafe", "café"],
    &["zurich", "zürich"],
];
/// Words with one form, long enough to be misspelled.
pub const PLAIN: &[&str] = &["ledger", "harbour", "python", "quantum", "octopus"];
/// Numbers, and words of other scripts with spaces between them.
pub const OTHERS: &[&str] = &["42", "2024", "заказ", "склад", "데이터"];
/// Words of scripts that put no spaces between them.
pub const UNSPACED: &[&str] = &["客户", "数据", "报告", "東京"];
/// In the order of the alphabet.
pub const TAGS: &[&str] = &["amber", "quantum", "reports", "violet", "数据"];
pub const KINDS: &[&str] = &["default", "tar", "zip"];
pub const KEYS: &[&str] = &["team", "cost-center", "a.b"];

/// The beginnings of words that only that word has.
pub const BEGINNINGS: &[&str] = &["inv", "depl", "ca", "repo", "zur", "le", "harb", "py", "quan", "зак", "скл"];

/// Any word, in any of its forms.
pub fn word() -> impl Strategy<Value = String> + Clone {
    let forms: Vec<&str> = FAMILIES.iter().flat_map(|family| family.iter().copied()).collect();
    prop_oneof![5 => select(forms), 4 => select(PLAIN), 2 => select(OTHERS), 2 => select(UNSPACED)]
        .prop_map(str::to_owned)
}

/// A word as somebody types it.
pub fn typed(word: impl Strategy<Value = String> + Clone) -> impl Strategy<Value = String> + Clone {
    (word, prop::bool::weighted(0.2)).prop_map(|(word, loud)| if loud { word.to_uppercase() } else { word })
}

/// A plain word, and how it was misspelled: a letter in it is another, missing, or one too many.
pub fn misspelled() -> impl Strategy<Value = (String, String)> + Clone {
    (select(PLAIN), 0..3_usize).prop_map(|(word, kind)| {
        let (start, rest) = word.split_at(2);
        let wrong = match kind {
            0 => format!("{start}x{}", &rest[1..]),
            1 if word.len() > 6 => format!("{start}{}", &rest[1..]),
            _ => format!("{start}x{rest}"),
        };
        (word.to_owned(), wrong)
    })
}
