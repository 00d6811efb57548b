//! Loads what rules need: all of it in one trip.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Error, Row};

use super::layout::{GET, Stretch, UNKNOWN, number_of, section_of};
use super::loaded::{Listed, Loaded, Needs};
use crate::store::engine::{Section, WholeRow};

/// Loads what is needed.
pub(super) async fn load(client: &Client, loaded: &mut Loaded) -> Result<(), Error> {
    let Needs { rows, stretches } = loaded.take_needs();
    let mut wanted = HashSet::new();
    let stretches: Vec<_> = stretches.into_iter().filter(|(stretch, _)| wanted.insert(stretch.clone())).collect();
    let listing = stretches.iter().map(|(stretch, limit)| list(client, stretch, *limit));
    let get = async {
        let (sections, keys): (Vec<i16>, Vec<&[u8]>) =
            rows.iter().map(|(section, key)| (number_of(*section), key.as_slice())).unzip();
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        client.query_typed(GET, &[(&sections, Type::INT2_ARRAY), (&keys, Type::BYTEA_ARRAY)]).await
    };
    let (found, listed) = futures_util::try_join!(get, try_join_all(listing))?;
    rows.iter().for_each(|name| loaded.insert(name.clone(), None));
    for row in found {
        if let Some(section) = section_of(row.try_get(0)?) {
            loaded.insert((section, row.try_get(1)?), Some(row.try_get(2)?));
        }
    }
    for ((stretch, limit), rows) in stretches.into_iter().zip(listed) {
        loaded.insert_stretch(stretch, Listed { rows, limit });
    }
    Ok(())
}

/// The first rows of a stretch.
pub(super) async fn list(client: &Client, stretch: &Stretch, limit: usize) -> Result<Vec<WholeRow>, Error> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    if stretch.section == Section::Changes {
        return list_changes(client, stretch, limit).await;
    }
    let query = format!(
        "SELECT key, value FROM ghostworks_rows \
         WHERE section = $1 AND key >= $2 AND ($3::bytea IS NULL OR key < $3) ORDER BY key {} LIMIT $4",
        stretch.order()
    );
    let section = number_of(stretch.section);
    let rows = client
        .query_typed(
            &query,
            &[(&section, Type::INT2), (&stretch.from, Type::BYTEA), (&stretch.to, Type::BYTEA), (&limit, Type::INT8)],
        )
        .await?;
    rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

/// Rows that are in no section, as they are counted in each.
pub(super) async fn unknown(client: &Client) -> Result<Vec<(String, u64)>, Error> {
    let known: Vec<i16> = Section::all().map(number_of).collect();
    let found = client.query_typed(UNKNOWN, &[(&known, Type::INT2_ARRAY)]).await?;
    let count = |row: &Row| {
        let (section, rows): (i16, i64) = (row.try_get(0)?, row.try_get(1)?);
        Ok((format!("section {section}"), u64::try_from(rows).unwrap_or_default()))
    };
    found.iter().map(count).collect()
}

async fn list_changes(client: &Client, stretch: &Stretch, limit: i64) -> Result<Vec<WholeRow>, Error> {
    let query = format!(
        "SELECT n, value FROM ghostworks_changes WHERE n >= $1 AND n < $2 ORDER BY n {} LIMIT $3",
        stretch.order()
    );
    let (from, to) = stretch.numbers();
    let rows = client.query_typed(&query, &[(&from, Type::INT8), (&to, Type::INT8), (&limit, Type::INT8)]).await?;
    rows.iter().map(|row| Ok((row.try_get::<_, i64>(0)?.to_be_bytes().to_vec(), row.try_get(1)?))).collect()
}
