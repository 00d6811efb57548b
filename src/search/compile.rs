//! From what is wanted to what the index is asked for.

use std::ops::Bound;

use tantivy::query::{
    BooleanQuery, BoostQuery, ConstScoreQuery, Occur, PhrasePrefixQuery, PhraseQuery, Query as IndexQuery, RangeQuery,
    TermQuery,
};
use tantivy::schema::{Field, IndexRecordOption};

use super::beginning::Beginning;
use super::query::{Place, Query, Term, Wanted};
use super::schema::{self, BY, EVERYTHING, Fields, Scope, TAG, TYPE};
use super::text::Word;
use crate::domain::{ArtifactFilter, TenantId};

/// What a word is worth where it is found. In the name more than among the tags, and there more than anywhere else.
const IN_NAME: f32 = 4.0;
const IN_TAGS: f32 = 2.0;
/// What it is worth that a word begins with what is looked for, and goes on.
const BEGINNING: f32 = 0.1;
const BEGINNING_IN_NAME: f32 = 1.0;
/// The most words that the open end of a phrase stands for.
const MAX_ENDINGS: u32 = 1000;

type Boxed = Box<dyn IndexQuery>;

/// What is asked for in one workspace.
pub(super) struct Compiler<'a> {
    fields: &'a Fields,
    scopes: Vec<Scope>,
}

impl<'a> Compiler<'a> {
    /// For a workspace, with or without its trash.
    pub(super) fn new(fields: &'a Fields, tenant: TenantId, include_deleted: bool) -> Self {
        Self { fields, scopes: Scope::all(tenant, include_deleted) }
    }

    /// Where it is asked for.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// All that a query and a filter let through.
    pub(super) fn query(&self, query: &Query, filter: &ArtifactFilter) -> BooleanQuery {
        let mut clauses: Vec<(Occur, Boxed)> = Vec::new();
        for group in &query.groups {
            // What counts more also matches, so one union has it all.
            let parts = group.iter().flat_map(|term| self.term(term).into_iter().chain(self.bonuses(term)));
            clauses.push((Occur::Must, any(parts)));
        }
        clauses.extend(query.excluded.iter().map(|term| (Occur::MustNot, any(self.term(term)))));
        clauses.extend(self.filters(filter));
        if query.groups.is_empty() {
            clauses.push((Occur::Must, unscored(self.exactly(EVERYTHING))));
        }
        BooleanQuery::new(clauses)
    }

    fn filters(&self, filter: &ArtifactFilter) -> Vec<(Occur, Boxed)> {
        let tag = |text: &str| self.exactly(&schema::exact(TAG, text));
        let mut clauses = Vec::new();
        let mut must = |query: Boxed| clauses.push((Occur::Must, unscored(query)));
        if !filter.tags.is_empty() {
            must(any(filter.tags.iter().map(|wanted| tag(wanted.as_str()))));
        }
        filter.tags_all.iter().for_each(|wanted| must(tag(wanted.as_str())));
        if let Some(artifact_type) = &filter.artifact_type {
            must(self.exactly(&schema::exact(TYPE, artifact_type.as_str())));
        }
        if let Some(user) = filter.created_by {
            must(self.exactly(&schema::exact(BY, &user.to_string())));
        }
        let bound = |time: jiff::Timestamp| {
            Bound::Included(tantivy::Term::from_field_i64(self.fields.created_at, time.as_microsecond()))
        };
        if filter.created_after.is_some() || filter.created_before.is_some() {
            let (from, to) = (filter.created_after.map(bound), filter.created_before.map(bound));
            must(Box::new(RangeQuery::new(from.unwrap_or(Bound::Unbounded), to.unwrap_or(Bound::Unbounded))));
        }
        clauses.extend(filter.tags_none.iter().map(|refused| (Occur::MustNot, tag(refused.as_str()))));
        clauses
    }

    /// What has a term: any of these.
    fn term(&self, term: &Term) -> Vec<Boxed> {
        match (&term.place, &term.wanted) {
            (Place::Tag, Wanted::Exactly(text)) => vec![self.exactly(&schema::exact(TAG, text))],
            (Place::Type, Wanted::Exactly(text)) => vec![self.exactly(&schema::exact(TYPE, text))],
            (Place::By, Wanted::Exactly(text)) => vec![self.exactly(&schema::exact(BY, text))],
            (Place::Metadata(key), wanted) => self.in_metadata(key, wanted),
            (Place::Name, wanted) => self.in_field(self.fields.name, wanted),
            (_, wanted) => self.in_field(self.fields.anywhere, wanted),
        }
    }

    fn in_field(&self, field: Field, wanted: &Wanted) -> Vec<Boxed> {
        match wanted {
            Wanted::Word(word) => {
                let forms: Vec<&str> =
                    [Some(&word.folded), word.stem.as_ref()].into_iter().flatten().map(String::as_str).collect();
                let longer = self.in_scopes(|scope| {
                    let forms: Vec<_> = forms.iter().map(|form| schema::term(field, scope, form)).collect();
                    Box::new(Beginning::of(&schema::term(field, scope, &word.folded)).but_for(&forms))
                });
                forms.iter().map(|form| self.word(field, form)).chain([boosted(longer, BEGINNING)]).collect()
            }
            Wanted::AnyOf(words) => words.iter().map(|word| self.word(field, word)).collect(),
            Wanted::Prefix(prefix) => vec![self.beginning(field, prefix)],
            Wanted::Phrase { words, is_open } => vec![self.phrase(field, words, *is_open)],
            Wanted::Exactly(_) => Vec::new(),
        }
    }

    fn in_metadata(&self, key: &str, wanted: &Wanted) -> Vec<Boxed> {
        let field = self.fields.metadata;
        let word = |word: &str| self.word(field, &schema::metadata(key, word));
        let beginning = |word: &str| self.beginning(field, &schema::metadata(key, word));
        match wanted {
            Wanted::Word(each) => vec![word(each.root()), beginning(&each.folded)],
            Wanted::Prefix(prefix) => vec![beginning(prefix)],
            Wanted::AnyOf(words) => words.iter().map(|text| word(text)).collect(),
            Wanted::Phrase { words, .. } => {
                vec![Box::new(BooleanQuery::intersection(words.iter().map(|each| word(&each.folded)).collect()))]
            }
            Wanted::Exactly(_) => Vec::new(),
        }
    }

    /// What counts more if it is also in the name or among the tags.
    fn bonuses(&self, term: &Term) -> Vec<Boxed> {
        if term.place != Place::Anywhere {
            return Vec::new();
        }
        let Fields { name, tag_words, .. } = *self.fields;
        match &term.wanted {
            Wanted::Word(word) => vec![
                boosted(self.word(name, word.root()), IN_NAME),
                boosted(self.beginning(name, &word.folded), BEGINNING_IN_NAME),
                boosted(self.word(tag_words, word.root()), IN_TAGS),
            ],
            Wanted::AnyOf(words) => words.iter().map(|word| boosted(self.word(name, word), IN_NAME)).collect(),
            Wanted::Prefix(prefix) => vec![boosted(self.beginning(name, prefix), BEGINNING_IN_NAME)],
            Wanted::Phrase { words, is_open } => vec![boosted(self.phrase(name, words, *is_open), IN_NAME)],
            Wanted::Exactly(_) => Vec::new(),
        }
    }

    fn phrase(&self, field: Field, words: &[Word], is_open: bool) -> Boxed {
        if let [word] = words {
            return if is_open { self.beginning(field, &word.folded) } else { self.word(field, &word.folded) };
        }
        self.in_scopes(|scope| {
            let terms = words.iter().map(|word| schema::term(field, scope, &word.folded)).collect();
            if is_open {
                let mut query = PhrasePrefixQuery::new(terms);
                query.set_max_expansions(MAX_ENDINGS);
                Box::new(query)
            } else {
                Box::new(PhraseQuery::new(terms))
            }
        })
    }

    fn word(&self, field: Field, text: &str) -> Boxed {
        self.in_scopes(|scope| Box::new(TermQuery::new(schema::term(field, scope, text), IndexRecordOption::WithFreqs)))
    }

    fn exactly(&self, text: &str) -> Boxed {
        self.in_scopes(|scope| {
            Box::new(TermQuery::new(schema::term(self.fields.exactly, scope, text), IndexRecordOption::Basic))
        })
    }

    /// Words that begin with a text.
    fn beginning(&self, field: Field, text: &str) -> Boxed {
        self.in_scopes(|scope| Box::new(Beginning::of(&schema::term(field, scope, text))))
    }

    fn in_scopes(&self, query: impl Fn(Scope) -> Boxed) -> Boxed {
        any(self.scopes.iter().map(|scope| query(*scope)))
    }
}

fn any(queries: impl IntoIterator<Item = Boxed>) -> Boxed {
    let mut queries: Vec<Boxed> = queries.into_iter().collect();
    if queries.len() == 1 { queries.remove(0) } else { Box::new(BooleanQuery::union(queries)) }
}

fn boosted(query: Boxed, boost: f32) -> Boxed {
    Box::new(BoostQuery::new(query, boost))
}

fn unscored(query: Boxed) -> Boxed {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
