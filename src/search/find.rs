//! Carrying a search out.

use tantivy::Searcher;

use super::collect::{Gather, Gathered};
use super::compile::Compiler;
use super::query::Query;
use super::schema::Fields;
use super::statistics::{FieldLengths, Statistics};
use super::tenant_segments::TenantSegments;
use crate::domain::{ArtifactFilter, Ranking, TenantId};

/// What was found: as it was gathered, the query that was carried out, and what its order depends on.
pub(super) struct Findings {
    pub gathered: Gathered,
    pub query: Query,
    pub ranking: Ranking,
}

/// One search in a workspace.
pub(super) struct Search<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub lengths: &'a FieldLengths,
    pub tenant: TenantId,
    pub filter: &'a ArtifactFilter,
    pub gather: &'a Gather,
}

impl Search<'_> {
    /// What matches. When nothing does, what matches if words are taken for mistyped ones. Pages after the first go on as
    /// that one was found and ranked.
    pub(super) fn find(&self, query: Query, ranking: Option<&Ranking>) -> tantivy::Result<Findings> {
        let compiler = Compiler::new(self.fields, self.tenant, self.filter.include_deleted, self.gather);
        let segments = TenantSegments::new(self.searcher, self.fields, compiler.scopes())?;
        let carry_out = |query: Query| {
            let statistics = match ranking {
                Some(ranking) => Statistics::noted(&segments, self.fields, ranking),
                None if self.gather.is_scored() => {
                    Statistics::current(&segments, self.fields, self.lengths, compiler.scopes())?
                }
                None => Statistics::noted(&segments, self.fields, &Ranking::default()),
            };
            let is_ranked = self.gather.is_scored() && !self.gather.facets.any();
            let gathered = match compiler.parts(&query).filter(|_| is_ranked) {
                Some(parts) => {
                    let matching = compiler.unscored().query(&query, self.filter);
                    let is_union = compiler.is_union(&query, self.filter);
                    segments.best((&*matching, is_union), &parts, &statistics, self.gather)?
                }
                None => segments.search(&*compiler.query(&query, self.filter), &statistics, self.gather)?,
            };
            Ok(Findings { gathered, query, ranking: statistics.into_ranking() })
        };
        let with_typos = query.with_typos();
        if let Some(Ranking { typos, .. }) = ranking {
            return carry_out(with_typos.filter(|_| *typos).unwrap_or(query));
        }
        let found = carry_out(query)?;
        match with_typos.filter(|_| found.gathered.total == 0) {
            Some(query) => {
                let found = carry_out(query)?;
                Ok(Findings { ranking: Ranking { typos: true, ..found.ranking }, ..found })
            }
            None => Ok(found),
        }
    }
}
