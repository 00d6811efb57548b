//! Every version of every record that was ever released, as bytes in `tests/records/`: they must be readable for ever.

use std::collections::BTreeMap;
use std::fmt::Debug;

use super::*;
use crate::domain::{
    Actor, Answer, ApiKey, ApiKeyId, ApiKeyName, Artifact, ArtifactDescription, ArtifactId, ArtifactName, ArtifactType,
    Change, ChangeKind, Email, Invitation, InvitationId, KnownNetworks, LogPosition, Membership, Metadata,
    MetadataValue, Network, Noted, OneTimeToken, OwnQuotas, PersonName, RefreshLine, Role, Scope, Session, SessionId,
    Settings, Slug, Tags, TenantId, Terms, User, UserId, Workspace, WorkspaceDescription, WorkspaceName,
};

const USER: UserId = UserId::from_bytes([0x11; 16]);
const TENANT: TenantId = TenantId::from_bytes([0x22; 16]);
const ARTIFACT: ArtifactId = ArtifactId::from_bytes([0x33; 16]);
const API_KEY: ApiKeyId = ApiKeyId::from_bytes([0x77; 16]);
const INVITATION: InvitationId = InvitationId::from_bytes([0x55; 16]);
const SESSION: SessionId = SessionId::from_bytes([0x44; 16]);

fn at(microseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(1_750_000_000_000_000 + microseconds).unwrap()
}

fn bytes(sample: &str) -> Vec<u8> {
    let digits: Vec<u32> = sample.trim().chars().map(|digit| digit.to_digit(16).expect("hexadecimal")).collect();
    digits.chunks(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect()
}

/// The sample is read as `entity`, and when it is of the latest version, `entity` is still written as the sample.
fn check<R: Record + Debug + PartialEq>(sample: &str, entity: &R) {
    let sample = bytes(sample);
    assert_eq!(decode::<R>(&sample).unwrap(), *entity);
    if sample[0] == R::VERSION {
        let written: String = encode(entity).unwrap().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(bytes(&written), sample, "what is written has changed, without a new version: {written}");
    }
}

#[test]
fn users() {
    let user = User {
        id: USER,
        email: Email::parse("ann@example.com").unwrap(),
        first_name: PersonName::parse("Ann").unwrap(),
        last_name: None,
        is_verified: false,
        is_active: true,
        is_operator: false,
        created_at: at(1),
        updated_at: at(2),
    };
    let password_hash = "$argon2id$v=19$…".to_owned();
    let account = Account { user, password_hash, networks: KnownNetworks::default() };
    check(include_str!("../../../tests/records/user-v1.hex"), &account);
    let networks = vec![(Network::from_bytes([0x99; 8]), at(3)), (Network::from_bytes([0xaa; 8]), at(4))];
    let known = Account { networks: KnownNetworks::from_stored(networks), ..account };
    check(include_str!("../../../tests/records/user-v2.hex"), &known);
    let operator = Account { user: User { is_operator: true, ..known.user.clone() }, ..known };
    check(include_str!("../../../tests/records/user-v3.hex"), &operator);
}

#[test]
fn sessions() {
    let session = Session {
        id: SESSION,
        user: USER,
        created_at: at(1),
        refreshed_at: at(2),
        idle_until: at(3),
        expires_at: at(4),
        ip: Some("192.0.2.7".to_owned()),
        user_agent: None,
        workspace: None,
        lines: vec![RefreshLine::new([0x55; 32], at(2))],
        console: None,
    };
    check(include_str!("../../../tests/records/session-v1.hex"), &session);
    let switched = Session { workspace: Some(TENANT), ..session };
    check(include_str!("../../../tests/records/session-v2.hex"), &switched);
    let another = RefreshLine { digest: [0x66; 32], number: 7, used_at: at(5) };
    let two_lines = Session { lines: [switched.lines.as_slice(), &[another]].concat(), ..switched };
    check(include_str!("../../../tests/records/session-v3.hex"), &two_lines);
    let of_console = Session { lines: Vec::new(), console: Some([0x77; 32]), ..two_lines };
    check(include_str!("../../../tests/records/session-v4.hex"), &of_console);
}

#[test]
fn spent_tokens() {
    let spent = SpentTokens(vec![[0x55; 32], [0x66; 32]]);
    check(include_str!("../../../tests/records/spent-tokens-v1.hex"), &spent);
}

#[test]
fn refresh_salts() {
    let first = Salted {
        digest: [0x55; 32],
        salt: [0x77; 16],
        number: 300,
        until: at(1),
        ip: Some("192.0.2.7".to_owned()),
        user_agent: Some("curl/8".to_owned()),
    };
    let second = Salted { digest: [0x66; 32], salt: [0x88; 16], number: 301, until: at(2), ip: None, user_agent: None };
    check(include_str!("../../../tests/records/refresh-salts-v1.hex"), &RefreshSalts(vec![first, second]));
}

#[test]
fn one_time_tokens() {
    let token = OneTimeToken { digest: [0x55; 32], expires_at: at(1) };
    check(include_str!("../../../tests/records/one-time-token-v1.hex"), &token);
}

#[test]
fn workspaces() {
    let settings = serde_json::from_str(r#"{"theme": {"dark": true}, "limit": 7}"#).unwrap();
    let workspace = Workspace {
        id: TENANT,
        name: WorkspaceName::parse("Acme").unwrap(),
        slug: Slug::parse("acme").unwrap(),
        description: WorkspaceDescription::parse("Anvils").unwrap(),
        settings: Settings::parse(settings).unwrap(),
        is_active: true,
        terms: Terms::default(),
        created_at: at(1),
        updated_at: at(2),
    };
    check(include_str!("../../../tests/records/workspace-v1.hex"), &workspace);
    let quotas = OwnQuotas { artifacts: Some(1000), members: Some(3), ..OwnQuotas::default() };
    let workspace = Workspace { terms: Terms { is_suspended: true, quotas }, ..workspace };
    let sample = include_str!("../../../tests/records/workspace-v2.hex");
    check(sample, &workspace);
    assert_eq!(terms_in(&bytes(sample)).unwrap(), workspace.terms, "they can be read alone");
}

#[test]
fn memberships() {
    let membership = |role| Membership { tenant: TENANT, user: USER, role, joined_at: at(1), is_chosen: true };
    check(include_str!("../../../tests/records/membership-member-v1.hex"), &membership(Role::Member));
    check(include_str!("../../../tests/records/membership-admin-v1.hex"), &membership(Role::Admin));
    check(include_str!("../../../tests/records/membership-owner-v1.hex"), &membership(Role::Owner));
    let put_there = Membership { is_chosen: false, ..membership(Role::Admin) };
    check(include_str!("../../../tests/records/membership-v2.hex"), &put_there);
}

#[test]
fn invitations() {
    let invitation = Invitation {
        id: INVITATION,
        tenant: TENANT,
        email: Some(Email::parse("ann@example.com").unwrap()),
        role: Role::Admin,
        digest: [0x88; 32],
        is_mailed: true,
        invited_by: USER,
        created_at: at(1),
        expires_at: at(2),
        accepted_by: None,
    };
    check(include_str!("../../../tests/records/invitation-v1.hex"), &invitation);
    let accepted = Invitation { email: None, accepted_by: Some(USER), ..invitation };
    check(include_str!("../../../tests/records/invitation-accepted-v1.hex"), &accepted);
}

#[test]
fn api_keys() {
    let key = ApiKey {
        id: API_KEY,
        tenant: TENANT,
        name: ApiKeyName::parse("CI").unwrap(),
        scopes: vec![Scope::ReadArtifacts, Scope::WriteArtifacts],
        digest: [0x88; 32],
        created_by: USER,
        created_at: at(1),
        expires_at: Some(at(2)),
        last_used_at: None,
    };
    check(include_str!("../../../tests/records/api-key-v1.hex"), &key);
}

#[test]
fn artifacts() {
    let metadata = BTreeMap::from([
        ("bool".to_owned(), MetadataValue::Bool(true)),
        ("float".to_owned(), MetadataValue::Float(0.5)),
        ("integer".to_owned(), MetadataValue::Integer(-7)),
        ("null".to_owned(), MetadataValue::Null),
        ("text".to_owned(), MetadataValue::Text("ü".to_owned())),
    ]);
    let artifact = Artifact {
        id: ARTIFACT,
        tenant: TENANT,
        name: ArtifactName::parse("Anvil").unwrap(),
        description: ArtifactDescription::parse("Heavy").unwrap(),
        tags: Tags::parse(&["iron".to_owned(), "black smith".to_owned()]).unwrap(),
        metadata: Metadata::from_stored(metadata),
        artifact_type: ArtifactType::parse("tool").unwrap(),
        version: 300,
        created_by: USER,
        updated_by: USER,
        created_at: at(1),
        updated_at: at(2),
        deleted_at: Some(at(3)),
    };
    check(include_str!("../../../tests/records/artifact-v1.hex"), &artifact);
}

/// Every kind of change, in the order in which they came to be.
pub(in crate::store) const KINDS: [ChangeKind; 49] = [
    ChangeKind::UserRegistered(USER),
    ChangeKind::PasswordRehashed(USER),
    ChangeKind::SessionOpened(SESSION),
    ChangeKind::SessionRefreshed(SESSION),
    ChangeKind::SessionRevokedForReuse(SESSION),
    ChangeKind::SessionClosed(SESSION),
    ChangeKind::SessionExpired(SESSION),
    ChangeKind::WorkspaceCreated(TENANT),
    ChangeKind::ArtifactCreated(ARTIFACT),
    ChangeKind::ArtifactUpdated(ARTIFACT, 2),
    ChangeKind::ArtifactDeleted(ARTIFACT, 300),
    ChangeKind::ArtifactRestored(ARTIFACT, 301),
    ChangeKind::ArtifactPurged(ARTIFACT),
    ChangeKind::LoginFailed(Some(USER)),
    ChangeKind::SessionSwitched(SESSION),
    ChangeKind::SessionRevoked(SESSION),
    ChangeKind::VerificationRequested(USER),
    ChangeKind::EmailVerified(USER),
    ChangeKind::PasswordResetRequested(USER),
    ChangeKind::PasswordReset(USER),
    ChangeKind::PasswordChanged(USER),
    ChangeKind::UserDisabled(USER),
    ChangeKind::UserEnabled(USER),
    ChangeKind::WorkspaceUpdated(TENANT),
    ChangeKind::WorkspaceDeleted(TENANT),
    ChangeKind::MemberAdded(USER, Role::Member),
    ChangeKind::MemberRoleChanged(USER, Role::Admin, Role::Owner),
    ChangeKind::MemberRemoved(USER),
    ChangeKind::ApiKeyCreated(API_KEY),
    ChangeKind::ApiKeyRevoked(API_KEY),
    ChangeKind::SessionRefreshRepeated(SESSION),
    ChangeKind::SessionDisplaced(SESSION),
    ChangeKind::OperatorGranted(USER),
    ChangeKind::OperatorRevoked(USER),
    ChangeKind::PasswordSet(USER),
    ChangeKind::SessionsEnded(USER),
    ChangeKind::ProfileChanged(USER),
    ChangeKind::EmailChangeRequested(USER),
    ChangeKind::EmailChanged(USER),
    ChangeKind::UserDeleted(USER),
    ChangeKind::UserBroughtBack(USER),
    ChangeKind::WorkspaceSuspended(TENANT),
    ChangeKind::WorkspaceResumed(TENANT),
    ChangeKind::WorkspaceQuotasSet(TENANT),
    ChangeKind::WorkspaceExported(TENANT),
    ChangeKind::InvitationMade(INVITATION, Role::Member),
    ChangeKind::InvitationRoleChanged(INVITATION, Role::Member, Role::Admin),
    ChangeKind::InvitationRevoked(INVITATION),
    ChangeKind::InvitationAccepted(INVITATION),
];

/// The sample in each line is an entry with the kind in the same place.
fn check_entries(samples: &str, api_key: Option<ApiKeyId>, previous: u64, about: Option<TenantId>) -> usize {
    let samples = samples.lines().zip(KINDS).enumerate().map(|(index, (sample, kind))| {
        let actor = Actor {
            user: Some(USER),
            api_key,
            ip: None,
            user_agent: Some("curl/8".to_owned()),
            trace_id: (index == 0).then_some([0x66; 16]),
        };
        let (position, tenant) = (LogPosition::of_entry(1 + index as u64), about.is_none().then_some(TENANT));
        let change = Change { position, tenant, about, at: at(1), actor, kind };
        check(sample, &Entry { change, previous });
    });
    samples.count()
}

#[test]
fn changes() {
    assert_eq!(check_entries(include_str!("../../../tests/records/changes-v1.hex"), None, 0, None), 11);
    let second = check_entries(include_str!("../../../tests/records/changes-v2.hex"), Some(API_KEY), 7, None);
    assert_eq!(second, 30);
    let latest = check_entries(include_str!("../../../tests/records/changes-v3.hex"), Some(API_KEY), 7, Some(TENANT));
    assert_eq!(latest, KINDS.len(), "each kind has a sample");
}

#[test]
fn last_uses() {
    check(include_str!("../../../tests/records/last-use-v1.hex"), &LastUse(at(1)));
}

#[test]
fn answers() {
    let noted = Noted { fingerprint: [0x88; 32], expires_at: at(1), answer: None };
    check(include_str!("../../../tests/records/answer-noted-v1.hex"), &noted);
    let answer = Answer {
        status: 201,
        content_type: Some("application/json".to_owned()),
        location: Some("/there".to_owned()),
        etag: None,
        body: b"{}".to_vec(),
    };
    check(include_str!("../../../tests/records/answer-v1.hex"), &Noted { answer: Some(answer), ..noted });
}

#[test]
fn what_cannot_be_read_is_an_error_that_says_so() {
    let whole = bytes(include_str!("../../../tests/records/artifact-v1.hex"));
    let cut = &whole[..whole.len() - 1];
    let longer = [whole.as_slice(), &[0]].concat();
    let newer = [&[2], &whole[1..]].concat();
    for (bad, why) in [
        (&[][..], "an artifact is corrupt: it is empty"),
        (cut, "corrupt"),
        (&longer, "its last 1 bytes are too many"),
        (&newer, "version 2 is unknown"),
    ] {
        let Err(cause) = decode::<Artifact>(bad) else { panic!("{bad:?} was read") };
        assert!(cause.to_string().contains(why), "{cause}");
    }
}

#[test]
fn times_come_back_to_the_microsecond() {
    let last = Timestamp::MAX.as_microsecond();
    for microseconds in [Timestamp::MIN.as_microsecond(), -1_500_000, -1, 0, 1, 1_750_000_000_123_456, last] {
        assert_eq!(time(microseconds).unwrap().as_microsecond(), microseconds);
    }
    assert!(time(i64::MAX).is_err());
}
