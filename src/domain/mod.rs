//! The business, pure: what a user, a workspace and an artifact are, what makes one valid, and who may do what.
//!
//! Owns the ids, the entities, the validated newtypes, the role × action table, paging and the change record.
//! Knows nothing of HTTP, storage or telemetry. Time and randomness are traits, passed in where they are needed.

mod access;
mod api_key;
mod artifact;
mod audited;
mod change;
mod clock;
mod creation;
mod demo;
mod entropy;
mod facets;
mod field;
mod filter;
mod fit;
mod hex;
mod id;
mod identity;
mod invitation;
mod known;
mod log_position;
mod name_order;
mod network;
mod older_hash;
mod one_line;
mod one_time_token;
mod page;
mod password;
mod quota;
mod refresh;
mod reservation;
mod same;
mod search;
mod session;
mod share;
mod sort;
mod tenant;
mod terms;
mod text;
mod user;
mod violation;
mod workspace;

pub use access::{Action, Role, Scope};
pub use api_key::{ApiKey, ApiKeyDigest, ApiKeyDraft, ApiKeyName, ApiKeyUse, RawApiKey};
pub use artifact::{
    Artifact, ArtifactChange, ArtifactDescription, ArtifactDraft, ArtifactField, ArtifactHistory, ArtifactName,
    ArtifactPatch, ArtifactType, ArtifactVersion, ArtifactWrite, ImportLine, Metadata, MetadataValue, Precondition,
    RawArtifact, RawArtifactPatch, RawArtifactWrite, Tag, TagPrefix, Tags,
};
pub use audited::{AuditDetail, Audited};
pub use change::{Actor, Change, ChangeBatch, ChangeKind, LogPage, LogPlace, Party, Stamp};
pub use clock::{Clock, SystemClock, Timestamp};
pub use creation::Creation;
pub use demo::{DEMO_ADMIN, DEMO_MEMBER, DEMO_OWNER, DEMO_PASSWORD};
pub use entropy::{Entropy, SystemEntropy};
pub use facets::{FacetFields, Facets};
pub use field::Field;
pub use filter::ArtifactFilter;
pub use fit::Misfit;
pub use hex::push_hex;
pub use id::{ApiKeyId, ArtifactId, IdGenerator, InvitationId, SessionId, TenantId, UserId};
pub use identity::{HistoryId, InstallationId, ShortId};
pub use invitation::{Invitation, Invited};
pub use known::KnownNetworks;
pub use log_position::LogPosition;
pub use name_order::NameKey;
pub use network::Network;
pub use older_hash::{MAX_OLDER_COST, MIN_OLDER_COST, older_cost};
pub use one_time_token::{OneTimeDigest, OneTimeToken, Purpose};
pub use page::{ArtifactBatch, ArtifactCounts, ArtifactPage, ArtifactStats, FoundById, ListArtifacts, Page, Start};
pub use password::{Password, PasswordPolicy};
pub use quota::{Quota, Quotas, SharedQuotas, Usage};
pub use refresh::{RefreshDigest, RefreshLine, RefreshSalt, RefreshSecret};
pub use reservation::{Answer, Noted, Reservation};
pub use search::{FoundArtifact, FoundArtifacts, Highlights, Ranking, SearchArtifacts, SearchText};
pub use session::{ConsoleDigest, Session};
pub use share::Share;
pub use sort::{ListPosition, Sort, SortBy};
pub use tenant::Tenant;
pub use terms::{OwnQuotas, Terms};
pub use user::{Credentials, Email, NameChange, PersonName, User};
pub use violation::{Check, Violation, Violations};
pub use workspace::{
    Member, Membership, RawWorkspace, RawWorkspacePatch, Settings, Slug, Workspace, WorkspaceDescription,
    WorkspaceDraft, WorkspaceName, WorkspacePatch, WorkspaceView,
};
