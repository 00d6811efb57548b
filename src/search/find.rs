//! Carrying a search out.

use std::ops::Range;

use tantivy::Searcher;
use tantivy::schema::Field;

use super::collect::{Gather, Gathered};
use super::compile::Compiler;
use super::query::{Place, Query};
use super::schema::{Fields, Scope};
use super::text::Word;
use super::within::Within;
use crate::domain::{ArtifactFilter, TenantId};

/// Shorter words are not looked for with a mistake in them, in characters.
const MIN_MISTAKEN_CHARS: usize = 5;
/// So many words stand for a mistaken one at most.
const MAX_SIMILAR: usize = 32;
/// So many words of each part of the index are compared with a mistaken one at most.
const MAX_COMPARED: usize = 200_000;

/// What matches in a workspace. When nothing does, what matches if words are taken for mistyped ones, and the query that
/// was carried out then.
pub(super) fn find(
    searcher: &Searcher,
    fields: &Fields,
    tenant: TenantId,
    query: Query,
    filter: &ArtifactFilter,
    gather: &Gather,
) -> tantivy::Result<(Gathered, Query)> {
    let compiler = Compiler::new(fields, tenant, filter.include_deleted);
    let within = Within::new(searcher, fields, compiler.scopes())?;
    let found = within.search(&compiler.query(&query, filter), gather)?;
    if found.total > 0 || query.is_empty() {
        return Ok((found, query));
    }
    let similar = |place: &Place, word: &Word| {
        let field = match place {
            Place::Name => fields.name,
            Place::Anywhere => fields.anywhere,
            Place::Tag | Place::Type | Place::By | Place::Metadata(_) => return Vec::new(),
        };
        compiler.scopes().iter().flat_map(|scope| similar(&within, field, *scope, &word.folded)).collect()
    };
    match query.with_similar(similar) {
        Some(query) => Ok((within.search(&compiler.query(&query, filter), gather)?, query)),
        None => Ok((found, query)),
    }
}

/// Words of a scope that a long word is, but for one mistake.
fn similar(within: &Within<'_>, field: Field, scope: Scope, word: &str) -> Vec<String> {
    let mut similar: Vec<String> = Vec::new();
    // What has a digit in it is a name or a number, and meant as it is.
    if word.chars().count() < MIN_MISTAKEN_CHARS || !word.chars().all(char::is_alphabetic) {
        return similar;
    }
    let from = scope.term("");
    for segment in within.parts() {
        // What can't be read is not suggested.
        let Ok(index) = segment.inverted_index(field) else { continue };
        let Ok(mut terms) = index.terms().range().ge(&from).into_stream() else { continue };
        let mut compared = 0;
        while compared < MAX_COMPARED
            && similar.len() < MAX_SIMILAR
            && terms.advance()
            && let Some(other) = terms.key().strip_prefix(from.as_bytes()).and_then(|key| str::from_utf8(key).ok())
        {
            compared += 1;
            if is_one_mistake_away(word, other) && !similar.iter().any(|known| known == other) {
                similar.push(other.to_owned());
            }
        }
    }
    similar
}

/// Whether a character was left out, added, replaced, or two neighbours were exchanged.
fn is_one_mistake_away(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = match one.len().abs_diff(other.len()) {
        // No character has more than four bytes.
        0..=4 => (one.chars().collect(), other.chars().collect()),
        _ => return false,
    };
    let (long, short) = if one.len() >= other.len() { (&one, &other) } else { (&other, &one) };
    let same = |range: Range<usize>, offset: usize| long[range.start + offset..range.end + offset] == short[range];
    let Some(at) = (0..short.len()).find(|&at| long[at] != short[at]) else { return long.len() - short.len() <= 1 };
    match long.len() - short.len() {
        0 => {
            same(at + 1..short.len(), 0)
                || (at + 1 < short.len()
                    && long[at] == short[at + 1]
                    && long[at + 1] == short[at]
                    && same(at + 2..short.len(), 0))
        }
        1 => same(at..short.len(), 1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mistake_is_one_character() {
        for (one, other) in [
            ("billing", "biling"),
            ("billing", "billling"),
            ("billing", "bolling"),
            ("billing", "bililng"),
            ("billing", "billing"),
            ("billing", "illing"),
            ("billing", "billings"),
        ] {
            assert!(is_one_mistake_away(one, other), "{one} {other}");
            assert!(is_one_mistake_away(other, one), "{other} {one}");
        }
        for (one, other) in [("billing", "bling"), ("billing", "gnillib"), ("billing", ""), ("abcd", "badc")] {
            assert!(!is_one_mistake_away(one, other), "{one} {other}");
        }
    }
}
