//! Paging by relevance while others write, and the cursors that make it possible.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::support::account::{Account, text};
use crate::support::server::{Server, Setup};

/// Imports artifacts, each with one of these descriptions.
fn import(account: &Account, artifacts: &str, descriptions: impl Iterator<Item = String>) {
    let line = |(number, description): (usize, String)| {
        format!("{}\n", json!({"name": format!("artifact {number}"), "description": description}))
    };
    let lines: String = descriptions.enumerate().map(line).collect();
    account.client.send("POST", &format!("{artifacts}/import"), "application/x-ndjson", lines).expect(200);
}

fn ids(page: &Value) -> Vec<String> {
    page["items"].as_array().expect("items").iter().map(|item| text(&item["id"])).collect()
}

#[test]
fn no_hit_is_lost_or_repeated_while_others_import() {
    let server = Server::shared();
    let (owner, other) = (Account::new(&server), Account::new(&server));
    let (own, foreign) = (owner.artifacts(), other.artifacts());
    import(&owner, &own, (0..200).map(|number| format!("payment {}", "of invoices ".repeat(1 + number % 17))));
    for query in ["q=payment", "q=payment+invoices", "q=of-inv", "q=paymant", "q=payment&sort=name"] {
        let list = format!("{own}?{query}&limit=20");
        let mut page = owner.client.get(&list).expect(200).json();
        import(&other, &foreign, (0..500).map(|number| format!("payment {}", "and more words ".repeat(number % 29))));
        let mut found = ids(&page);
        while let Some(cursor) = page["next_cursor"].as_str() {
            assert!(cursor.len() < 2048, "{} bytes", cursor.len());
            // One of its own, too: it is found or not, and moves no other.
            owner.artifact(&own, &json!({"name": "unpaid"}));
            page = owner.client.get(&format!("{list}&cursor={cursor}")).expect(200).json();
            found.extend(ids(&page));
        }
        assert_eq!((found.len(), found.iter().collect::<HashSet<_>>().len()), (200, 200), "{query}");
    }
}

#[test]
fn the_longest_query_has_a_cursor_that_is_taken_back() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let words =
        |count: usize| (0..count).map(|at| format!("{}s", char::from(b'a' + (at % 26) as u8))).collect::<Vec<_>>();
    let phrase = words(60).join(" ");
    import(&owner, &artifacts, (0..3).map(|_| phrase.clone()));
    for query in [words(32).join(" "), format!("\"{phrase}\"")] {
        let list =
            format!("{artifacts}?include_deleted=true&limit=1&q={}", query.replace(' ', "+").replace('"', "%22"));
        let first = owner.client.get(&list).expect(200).json();
        let cursor = text(&first["next_cursor"]);
        assert!(cursor.len() < 2048, "{} bytes", cursor.len());
        let second = owner.client.get(&format!("{list}&cursor={cursor}")).expect(200).json();
        assert!(ids(&second) != ids(&first) && ids(&second).len() == 1, "{second}");
    }
}

#[test]
fn s65_a_forged_foreign_or_older_cursor_is_refused() {
    let server = Setup::new().start();
    let other = Server::shared();
    let (owner, stranger) = (Account::new(&server), Account::new(&other));
    let (artifacts, elsewhere) = (owner.artifacts(), stranger.artifacts());
    import(&owner, &artifacts, (0..3).map(|_| "payment".to_owned()));
    import(&stranger, &elsewhere, (0..3).map(|_| "payment".to_owned()));
    let list = format!("{artifacts}?q=payment&limit=1");
    let cursor = text(&owner.client.get(&list).expect(200).json()["next_cursor"]);
    let foreign = stranger.client.get(&format!("{elsewhere}?q=payment&limit=1")).expect(200).json();
    let signed = URL_SAFE_NO_PAD.decode(&cursor).expect("base64");
    let flipped = |at: usize| {
        let mut bytes = signed.clone();
        bytes[at] ^= 0x40;
        URL_SAFE_NO_PAD.encode(bytes)
    };
    let mut wrong: Vec<String> = (0..signed.len()).step_by(7).map(flipped).collect();
    wrong.push(text(&foreign["next_cursor"]));
    // As they were before they were signed.
    wrong.push(URL_SAFE_NO_PAD.encode(&signed[1..signed.len() - 16]));
    wrong.extend([String::new(), "A".repeat(22), "A".repeat(3000), cursor[..10].to_owned(), format!("{cursor}A")]);
    for cursor in wrong {
        let reply = owner.client.get(&format!("{list}&cursor={cursor}"));
        assert_eq!(reply.invalid_fields(), ["/cursor"], "{cursor}");
    }
    owner.client.get(&format!("{list}&cursor={cursor}")).expect(200);
}
