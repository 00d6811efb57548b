//! Secrets that are handed out: long enough, and nowhere on the disk but as digests.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use crate::support::account::{Account, PASSWORD, login, text};
use crate::support::mail::MailServer;
use crate::support::server::{Server, Setup};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;

const NEW_PASSWORD: &str = "Another-horse-8";
/// 128 bits, in bytes.
const LEAST: usize = 16;

/// A secret that was handed out.
struct Secret {
    what: &'static str,
    text: String,
    /// How many bytes of it are ids, once decoded. The rest is the secret.
    ids: usize,
}

impl Secret {
    /// The random part, as it was made.
    fn random(&self) -> Vec<u8> {
        let encoded = self.text.strip_prefix("gwk_").unwrap_or(&self.text);
        URL_SAFE_NO_PAD.decode(encoded).expect("base64url").split_off(self.ids)
    }
}

/// Every byte of every file in a directory, but of the signing key.
fn stored(directory: &Path) -> Vec<u8> {
    let files = fs::read_dir(directory).expect("a directory").map(|entry| entry.expect("an entry").path());
    let files = files.filter(|path| path.is_file() && !path.ends_with("signing.key"));
    files.flat_map(|path| fs::read(path).expect("a file")).collect()
}

/// Uses everything that answers with a secret, also with an idempotency key, and returns the secrets.
fn hand_out(server: &Server, mail: &MailServer) -> (Vec<Secret>, Vec<String>) {
    let account = Account::new(server);
    let verification = mail.next().token();
    server.client().post("/api/v1/auth/password/forgot", &json!({"email": account.email})).expect(200);
    let reset = mail.next().token();

    let again = server.client().post("/api/v1/auth/refresh", &json!({"refresh_token": account.refresh})).expect(200);
    let tokens = again.json();
    let workspace = format!("/api/v1/workspaces/{}", account.workspace());
    let client = server.client().bearer(&text(&tokens["access_token"])).with("Idempotency-Key", "once");
    let switched = client.call("POST", &format!("{workspace}/switch")).expect(200).json();
    let body = json!({"name": "CI", "scopes": ["artifacts:read", "artifacts:write"]});
    let api_key = text(&client.post(&format!("{workspace}/api-keys"), &body).expect(201).json()["key"]);
    let holder = server.client().bearer(&api_key).with("Idempotency-Key", "once");
    holder.post(&format!("{workspace}/artifacts"), &json!({"name": "Anvil"})).expect(201);
    let change = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    client.post("/api/v1/auth/password/change", &change).expect(200);
    let signed_in = login(&server.client(), &account.email, NEW_PASSWORD).expect(200).json();

    let mut secrets = vec![
        Secret { what: "a verification token", text: verification, ids: 16 },
        Secret { what: "a reset token", text: reset, ids: 16 },
        Secret { what: "an API key", text: api_key, ids: 32 },
    ];
    let answers = [tokens, switched, signed_in];
    let refresh = answers.iter().map(|tokens| text(&tokens["refresh_token"])).chain([account.refresh]);
    secrets.extend(refresh.map(|text| Secret { what: "a refresh token", text, ids: 32 }));
    let access = answers.iter().map(|tokens| text(&tokens["access_token"])).chain([account.access]).collect();
    (secrets, access)
}

#[test]
fn s16_no_secret_that_was_handed_out_is_on_the_disk() {
    let mail = MailServer::start();
    let setup = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url());
    let server = setup.start();
    let (secrets, access) = hand_out(&server, &mail);
    let while_running = stored(setup.data());
    let log = server.stderr();
    server.stop();

    for stored in [while_running, stored(setup.data())] {
        let holds = |bytes: &[u8]| stored.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"$argon2id$") && holds(b"Anvil"), "it is not the database");
        for secret in &secrets {
            let random = secret.random();
            assert!(random.len() >= LEAST, "{} has {} random bytes", secret.what, random.len());
            let tail = &secret.text.as_bytes()[secret.text.len() - LEAST..];
            assert!(!holds(&random[..LEAST]) && !holds(&random[random.len() - LEAST..]), "{} as bytes", secret.what);
            assert!(!holds(tail), "{} as text", secret.what);
        }
        for token in &access {
            assert!(!holds(token.rsplit('.').next().expect("a signature").as_bytes()), "an access token");
        }
        assert!(!holds(PASSWORD.as_bytes()) && !holds(NEW_PASSWORD.as_bytes()), "a password");
    }
    for secret in secrets.iter().map(|secret| &secret.text).chain(&access) {
        assert!(!log.contains(&secret[secret.len() - LEAST..]), "in the log");
    }
}

#[test]
fn s16_no_two_secrets_are_alike() {
    let mail = MailServer::start();
    let server = Setup::new().env("GHOSTWORKS__MAIL__SMTP_URL", mail.url()).start();
    let random: Vec<Vec<u8>> = (0..8).flat_map(|_| hand_out(&server, &mail).0).map(|secret| secret.random()).collect();
    // In parts of 64 bits, of which no two are equal by chance.
    let parts: Vec<&[u8]> = random.iter().flat_map(|bytes| bytes.chunks_exact(8)).collect();
    assert_eq!(parts.iter().collect::<BTreeSet<_>>().len(), parts.len());
}
