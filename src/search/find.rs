//! Carrying a search out.

use tantivy::Searcher;
use tantivy::query::EnableScoring;

use super::best::{PartWeight, Ranked};
use super::collect::{Gather, Gathered};
use super::compile::{Compiler, Part, Worth};
use super::query::Query;
use super::rounded;
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
pub(super) struct IndexSearch<'a> {
    pub searcher: &'a Searcher,
    pub fields: &'a Fields,
    pub lengths: &'a FieldLengths,
    pub tenant: TenantId,
    pub filter: &'a ArtifactFilter,
    pub gather: &'a Gather,
}

impl IndexSearch<'_> {
    /// What matches. When nothing does, what matches if words are taken for mistyped ones. Pages after the first go on as
    /// that one was found and ranked.
    pub(super) fn find(&self, query: Query, ranking: Option<&Ranking>) -> tantivy::Result<Findings> {
        let compiler = Compiler::new(self.fields, self.tenant, self.filter.include_deleted, self.gather);
        let segments = TenantSegments::new(self.searcher, self.fields, compiler.scopes())?;
        let with_typos = query.with_typos();
        if let Some(Ranking { typos, .. }) = ranking {
            return self.carry_out(with_typos.filter(|_| *typos).unwrap_or(query), &compiler, &segments, ranking);
        }
        let found = self.carry_out(query, &compiler, &segments, None)?;
        match with_typos.filter(|_| found.gathered.total == 0) {
            Some(query) => {
                let found = self.carry_out(query, &compiler, &segments, None)?;
                Ok(Findings { ranking: Ranking { typos: true, ..found.ranking }, ..found })
            }
            None => Ok(found),
        }
    }

    fn carry_out(
        &self,
        query: Query,
        compiler: &Compiler<'_>,
        segments: &TenantSegments<'_>,
        ranking: Option<&Ranking>,
    ) -> tantivy::Result<Findings> {
        let is_scored = self.gather.is_scored();
        let statistics = match ranking {
            Some(ranking) => Statistics::noted(segments, self.fields, ranking),
            None if is_scored => Statistics::current(segments, self.fields, self.lengths, compiler.scopes())?,
            None => Statistics::noted(segments, self.fields, &Ranking::default()),
        };
        let scoring = if is_scored {
            EnableScoring::enabled_from_statistics_provider(&statistics, self.searcher)
        } else {
            self.unscored()
        };
        let is_ranked = is_scored && !self.gather.facets.any();
        let gathered = match compiler.parts(&query).filter(|_| is_ranked) {
            Some(parts) => {
                let matching = compiler.unscored().query(&query, self.filter).weight(self.unscored())?;
                let is_union = compiler.is_union(&query, self.filter);
                let parts = parts.iter().map(|part| weight(part, scoring, &statistics)).collect::<Result<_, _>>()?;
                self.gather.best(&Ranked { matching, is_union, parts }, segments.iter())?
            }
            None => self.gather.all(&*compiler.query(&query, self.filter).weight(scoring)?, segments.iter())?,
        };
        Ok(Findings { gathered, query, ranking: statistics.into_ranking() })
    }

    fn unscored(&self) -> EnableScoring<'_> {
        EnableScoring::disabled_from_searcher(self.searcher)
    }
}

fn weight(part: &Part, scoring: EnableScoring<'_>, statistics: &Statistics<'_>) -> tantivy::Result<PartWeight> {
    let weight = part.query.weight(scoring)?;
    let most = match part.worth {
        Worth::Constant(score) => score,
        Worth::Rarity(boost) => rounded::most(statistics.take_most(), boost),
    };
    Ok(PartWeight { weight, most })
}
