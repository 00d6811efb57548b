//! What readers take for the same is found, and what they don't is not.

use crate::support::account::{Account, text};
use crate::support::server::Server;
use serde_json::json;

/// The names of what is found, in their order.
fn found(owner: &Account, artifacts: &str, q: &str) -> Vec<String> {
    let query = q.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    let page = owner.client.get(&format!("{artifacts}?q={query}&sort=created_at")).expect(200).json();
    page["items"].as_array().expect("items").iter().map(|item| text(&item["name"])).collect()
}

fn named(owner: &Account, names: &[&str]) -> String {
    let artifacts = owner.artifacts();
    for name in names {
        owner.artifact(&artifacts, &json!({"name": name}));
    }
    artifacts
}

#[test]
fn letters_are_found_however_they_are_written() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let names = [
        "Straße",
        "Ærø œuvre",
        "Łódź đak",
        "Þingvellir",
        "Iğdır",
        "ŋoko",
        "ガイド",
        "ﾊﾟｰﾃｨ",
        "か\u{3099}くせい",
        "ΟΔΟΣ",
        "می‌خواهم",
        "हिन्दी",
        "क़लम",
        "Flug ٤٧",
        "7 ㎏ 12€",
        "№3 ∑ 20℃",
    ];
    let artifacts = named(&owner, &names);
    for (q, name) in [
        ("strasse", "Straße"),
        ("STRASSE", "Straße"),
        ("straße", "Straße"),
        ("aero", "Ærø œuvre"),
        ("oeuvre", "Ærø œuvre"),
        ("lodz", "Łódź đak"),
        ("ĐAK", "Łódź đak"),
        ("thingvellir", "Þingvellir"),
        ("igdir", "Iğdır"),
        ("noko", "ŋoko"),
        ("ｶﾞｲﾄﾞ", "ガイド"),
        ("カ\u{3099}イト\u{3099}", "ガイド"),
        ("パーティ", "ﾊﾟｰﾃｨ"),
        ("がくせい", "か\u{3099}くせい"),
        ("οδός", "ΟΔΟΣ"),
        ("میخواهم", "می‌خواهم"),
        ("हिन्दी", "हिन्दी"),
        ("कलम", "क़लम"),
        ("47", "Flug ٤٧"),
        ("४७", "Flug ٤٧"),
        ("kg", "7 ㎏ 12€"),
        ("㎏", "7 ㎏ 12€"),
        ("€", "7 ㎏ 12€"),
        ("no3", "№3 ∑ 20℃"),
        ("∑", "№3 ∑ 20℃"),
        ("℃", "№3 ∑ 20℃"),
    ] {
        assert_eq!(found(&owner, &artifacts, q), [name], "{q}");
    }
}

#[test]
fn names_of_signs_are_found_alone() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let names = [
        "C compiler",
        "C++ compiler",
        "C# compiler",
        "F# tools",
        "net worth",
        "ASP.NET",
        ".NET host",
        "node.js",
        "A+ grade",
        "A grade",
    ];
    let artifacts = named(&owner, &names);
    for (q, expected) in [
        ("C++", &["C++ compiler"][..]),
        ("c#", &["C# compiler"]),
        ("F#", &["F# tools"]),
        (".net", &["ASP.NET", ".NET host"]),
        ("C++ compiler", &["C++ compiler"]),
        ("\"c# compiler\"", &["C# compiler"]),
        ("name:c++", &["C++ compiler"]),
        ("compiler -c++", &["C compiler", "C# compiler"]),
        ("C", &["C compiler", "C++ compiler", "C# compiler"]),
        ("net", &["net worth", "ASP.NET", ".NET host"]),
        ("asp.net", &["ASP.NET"]),
        ("node.js", &["node.js"]),
        ("A+", &["A+ grade"]),
        ("grade", &["A+ grade", "A grade"]),
    ] {
        assert_eq!(found(&owner, &artifacts, q), expected, "{q}");
    }
}

#[test]
fn emoji_and_versions_are_found() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = named(
        &owner,
        &["🚀 launch", "👩🏽‍🚀 crew", "❤️ health", "🇩🇪 site", "api v1.2", "api 1.2", "api 2.1", "node v17", "node 17"],
    );
    for (q, expected) in [
        ("🚀", &["🚀 launch"][..]),
        ("👩‍🚀", &["👩🏽‍🚀 crew"]),
        ("❤", &["❤️ health"]),
        ("🇩🇪", &["🇩🇪 site"]),
        ("launch 🚀", &["🚀 launch"]),
        ("api -🚀 v1.2", &["api v1.2", "api 1.2"]),
        ("v1.2", &["api v1.2", "api 1.2"]),
        ("1.2", &["api v1.2", "api 1.2"]),
        ("\"api v1.2\"", &["api v1.2", "api 1.2"]),
        ("v17", &["node v17", "node 17"]),
        ("17", &["node v17", "node 17"]),
    ] {
        assert_eq!(found(&owner, &artifacts, q), expected, "{q}");
    }
}

#[test]
fn fields_are_named_in_any_case() {
    let server = Server::shared();
    let owner = Account::new(&server);
    let artifacts = owner.artifacts();
    let body =
        json!({"name": "Gateway", "tags": ["café"], "artifact_type": "service", "artifact_metadata": {"Owner": "ann"}});
    owner.artifact(&artifacts, &body);
    for q in ["NAME:gateway", "Tag:CAFÉ", "tag:cafe\u{301}", "TYPE:Service", "META.owner:ann", "meta.OWNER:ann"] {
        assert_eq!(found(&owner, &artifacts, q), ["Gateway"], "{q}");
    }
}
