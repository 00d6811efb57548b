//! From what is wanted to what the index is asked for.

use std::ops::Bound;

use tantivy::query::{BooleanQuery, ConstScoreQuery, Occur, Query as IndexQuery, RangeQuery, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::budget::Budget;
use super::collect::Gather;
use super::open_phrase::OpenPhrase;
use super::phrase::PhraseQuery;
use super::prefix::PrefixQuery;
use super::query::{Query, QueryField, Term, Wanted};
use super::schema::{self, BY, EVERYTHING, Fields, Scope, TAG, TYPE};
use super::text::Word;
use super::typo::TypoQuery;
use super::word::WordQuery;
use crate::domain::{ArtifactFilter, TenantId};

/// What a word is worth where it is found. In the name more than among the tags, and there more than anywhere else.
const IN_NAME: f32 = 4.0;
const IN_TAGS: f32 = 2.0;
/// What it is worth that a word begins with what is looked for, and goes on, or is what may have been meant. These can be
/// added without a loss, as [`super::rounded`] says, and depend on no statistics.
const PREFIX: f32 = 0.125;
const PREFIX_IN_NAME: f32 = 1.0;
const TYPO: f32 = 1.0;

pub(super) type Boxed = Box<dyn IndexQuery>;

/// What is asked for in one workspace.
pub(super) struct Compiler<'a> {
    fields: &'a Fields,
    scopes: Vec<Scope>,
    is_scored: bool,
    budget: &'a Budget,
}

impl<'a> Compiler<'a> {
    /// For a workspace, with or without its trash.
    pub(super) fn new(fields: &'a Fields, tenant: TenantId, include_deleted: bool, gather: &'a Gather) -> Self {
        let scopes = Scope::all(tenant, include_deleted);
        Self { fields, scopes, is_scored: gather.is_scored(), budget: &gather.budget }
    }

    /// The same for what matches alone, whatever it is worth.
    pub(super) fn unscored(&self) -> Self {
        Self { is_scored: false, scopes: self.scopes.clone(), ..*self }
    }

    /// Where it is asked for.
    pub(super) fn scopes(&self) -> &[Scope] {
        &self.scopes
    }

    /// All that a query and a filter let through.
    pub(super) fn query(&self, query: &Query, filter: &ArtifactFilter) -> Boxed {
        let mut clauses: Vec<(Occur, Boxed)> = Vec::new();
        for group in &query.groups {
            let parts = group.iter().flat_map(|term| self.parts_of(term));
            clauses.push((Occur::Must, any(parts.map(|part| part.query))));
        }
        let any_of = |term| any(self.term(term).into_iter().map(|part| part.query));
        clauses.extend(query.excluded.iter().map(|term| (Occur::MustNot, any_of(term))));
        clauses.extend(self.filters(filter));
        if query.groups.is_empty() {
            clauses.push((Occur::Must, unscored(self.exactly(EVERYTHING))));
        }
        // What is one term can be counted without reading its artifacts.
        let only = clauses.pop_if(|(occur, _)| *occur == Occur::Must);
        match only {
            Some((_, only)) if clauses.is_empty() => only,
            only => {
                clauses.extend(only);
                Box::new(BooleanQuery::new(clauses))
            }
        }
    }

    /// What the score of a query is the sum of, in the order in which [`Self::query`] has it. None when some of it is so much
    /// work that it should be done once.
    pub(super) fn parts(&self, query: &Query) -> Option<Vec<Part>> {
        let is_cheap = |term: &Term| matches!(term.wanted, Wanted::Word(_) | Wanted::Prefix(_) | Wanted::Exactly(_));
        let is_cheap = !query.groups.is_empty() && query.wanted().all(is_cheap);
        is_cheap.then(|| query.wanted().flat_map(|term| self.parts_of(term)).collect())
    }

    /// Whether all that has any of the parts of a query matches.
    pub(super) fn is_union(&self, query: &Query, filter: &ArtifactFilter) -> bool {
        query.groups.len() == 1 && query.excluded.is_empty() && self.filters(filter).is_empty()
    }

    /// What has a term, and what counts more, which has it too: so one union has it all.
    fn parts_of(&self, term: &Term) -> impl Iterator<Item = Part> {
        self.term(term).into_iter().chain(self.bonuses(term))
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
    fn term(&self, term: &Term) -> Vec<Part> {
        let exactly = |kind, text: &str| vec![Part::constant(self.exactly(&schema::exact(kind, text)), 0.0)];
        match (&term.place, &term.wanted) {
            (QueryField::Tag, Wanted::Exactly(text)) => exactly(TAG, text),
            (QueryField::Type, Wanted::Exactly(text)) => exactly(TYPE, text),
            (QueryField::By, Wanted::Exactly(text)) => exactly(BY, text),
            (QueryField::Metadata(key), wanted) => self.in_metadata(key, wanted),
            (QueryField::Name, wanted) => self.in_field(self.fields.name, wanted),
            (_, wanted) => self.in_field(self.fields.anywhere, wanted),
        }
    }

    fn in_field(&self, field: Field, wanted: &Wanted) -> Vec<Part> {
        match wanted {
            Wanted::Word(word) => {
                let longer = |scope: Scope| {
                    let prefix = PrefixQuery::new(&schema::term(field, scope, &word.folded), self.budget);
                    prefix.except_root(word.root(), &scope.term(""))
                };
                if !self.is_scored {
                    // What has any form of a word has its root.
                    let query =
                        self.in_scopes(|scope| Box::new(longer(scope).or(schema::term(field, scope, word.root()))));
                    return vec![Part::constant(query, 1.0)];
                }
                let forms = [Some(&word.folded), word.stem.as_ref()].into_iter().flatten();
                let longer = Part::constant(self.in_scopes(|scope| Box::new(longer(scope))), PREFIX);
                forms.map(|form| self.word(field, form, 1.0)).chain([longer]).collect()
            }
            Wanted::Mistyped(word) => vec![Part::constant(self.typo(field, word), TYPO)],
            Wanted::Prefix(prefix) => vec![Part::constant(self.prefix(field, prefix), 1.0)],
            Wanted::Phrase { words, is_open } => vec![self.phrase(field, words, *is_open, 1.0)],
            Wanted::Exactly(_) => Vec::new(),
        }
    }

    fn in_metadata(&self, key: &str, wanted: &Wanted) -> Vec<Part> {
        let field = self.fields.metadata;
        let word = |word: &str| self.word(field, &schema::metadata(key, word), 1.0);
        let prefix = |word: &str| Part::constant(self.prefix(field, &schema::metadata(key, word)), 1.0);
        match wanted {
            Wanted::Word(each) => vec![word(each.root()), prefix(&each.folded)],
            Wanted::Prefix(text) => vec![prefix(text)],
            Wanted::Phrase { words, .. } => {
                let words = words.iter().map(|each| word(&each.folded).query).collect();
                vec![Part::constant(Box::new(BooleanQuery::intersection(words)), 0.0)]
            }
            Wanted::Exactly(_) | Wanted::Mistyped(_) => Vec::new(),
        }
    }

    /// What counts more if it is also in the name or among the tags.
    fn bonuses(&self, term: &Term) -> Vec<Part> {
        if !self.is_scored || term.place != QueryField::Anywhere {
            return Vec::new();
        }
        let Fields { name, tag_words, .. } = *self.fields;
        match &term.wanted {
            Wanted::Word(word) => vec![
                self.word(name, word.root(), IN_NAME),
                Part::constant(self.prefix(name, &word.folded), PREFIX_IN_NAME),
                self.word(tag_words, word.root(), IN_TAGS),
            ],
            Wanted::Mistyped(word) => vec![Part::constant(self.typo(name, word), IN_NAME)],
            Wanted::Prefix(prefix) => vec![Part::constant(self.prefix(name, prefix), PREFIX_IN_NAME)],
            Wanted::Phrase { words, is_open } => vec![self.phrase(name, words, *is_open, IN_NAME)],
            Wanted::Exactly(_) => Vec::new(),
        }
    }

    fn phrase(&self, field: Field, words: &[Word], is_open: bool, boost: f32) -> Part {
        if let [word] = words {
            return if is_open {
                Part::constant(self.prefix(field, &word.folded), boost)
            } else {
                self.word(field, &word.folded, boost)
            };
        }
        let query = self.in_scopes(|scope| {
            let mut terms: Vec<_> = words.iter().map(|word| schema::term(field, scope, &word.folded)).collect();
            match terms.pop_if(|_| is_open) {
                Some(last) => Box::new(OpenPhrase::new(terms, &last, boost, self.budget)),
                None => Box::new(PhraseQuery::new(terms, boost)),
            }
        });
        Part { query, worth: Worth::Rarity(boost) }
    }

    fn word(&self, field: Field, text: &str, boost: f32) -> Part {
        let query = self.in_scopes(|scope| Box::new(WordQuery::new(schema::term(field, scope, text), boost)));
        Part { query, worth: Worth::Rarity(boost) }
    }

    fn exactly(&self, text: &str) -> Boxed {
        self.in_scopes(|scope| {
            Box::new(TermQuery::new(schema::term(self.fields.exactly, scope, text), IndexRecordOption::Basic))
        })
    }

    /// Words that begin with a text.
    fn prefix(&self, field: Field, text: &str) -> Boxed {
        self.in_scopes(|scope| Box::new(PrefixQuery::new(&schema::term(field, scope, text), self.budget)))
    }

    /// Words that may have been meant by one.
    fn typo(&self, field: Field, word: &str) -> Boxed {
        self.in_scopes(|scope| Box::new(TypoQuery::new(schema::term(field, scope, word), &scope.term(""), self.budget)))
    }

    fn in_scopes(&self, query: impl Fn(Scope) -> Boxed) -> Boxed {
        any(self.scopes.iter().map(|scope| query(*scope)))
    }
}

/// One of the things of which the score of a query is the sum.
pub(super) struct Part {
    pub query: Boxed,
    pub worth: Worth,
}

/// How much a part of a query adds to a score.
#[derive(Clone, Copy)]
pub(super) enum Worth {
    /// A constant score.
    Constant(f32),
    /// What BM25 says of its term, times this.
    Rarity(f32),
}

impl Part {
    fn constant(query: Boxed, score: f32) -> Self {
        Self { query: Box::new(ConstScoreQuery::new(query, score)), worth: Worth::Constant(score) }
    }
}

fn any(queries: impl IntoIterator<Item = Boxed>) -> Boxed {
    let mut queries: Vec<Boxed> = queries.into_iter().collect();
    if queries.len() == 1 { queries.remove(0) } else { Box::new(BooleanQuery::union(queries)) }
}

fn unscored(query: Boxed) -> Boxed {
    Box::new(ConstScoreQuery::new(query, 0.0))
}
