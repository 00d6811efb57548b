//! Invitations: good once, for a time, for whom they were made, and kept as long as they are of any use.

use ghostworks::domain::{ChangeKind, Email, Invitation, Quota, Quotas, Role, TenantId, User, UserId};
use ghostworks::store::{Heir, Missing, PresentedInvitation, StoreError};

use crate::world::{World, later};

/// An invitation that is not stored yet, whose secret has the digest `[7; 32]`.
fn invitation(world: &World, tenant: TenantId, by: UserId, email: Option<&Email>) -> Invitation {
    Invitation {
        id: world.id(),
        tenant,
        email: email.cloned(),
        role: Role::Member,
        digest: [7; 32],
        is_mailed: true,
        invited_by: by,
        created_at: world.now(),
        expires_at: later(),
        accepted_by: None,
    }
}

async fn invite(world: &World, tenant: TenantId, by: UserId, email: Option<&Email>) -> Invitation {
    world.store.invite(invitation(world, tenant, by, email), world.stamp()).await.unwrap()
}

fn presented(invitation: &Invitation) -> PresentedInvitation {
    PresentedInvitation { tenant: invitation.tenant, id: invitation.id, digest: invitation.digest }
}

async fn accept(world: &World, invitation: &Invitation, user: &User) -> Result<Role, StoreError> {
    let accepted = world.store.accept_invitation(presented(invitation), user.id, world.stamp()).await;
    accepted.map(|view| view.role)
}

pub async fn an_invitation_is_good_once_and_for_whom_it_was_made(world: World) {
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let tenant = world.workspace(ann.id).await;
    let before = world.newest_change().await;
    let made = invite(&world, tenant, ann.id, Some(&bob.email)).await;
    assert_eq!(world.store.invitations_of(tenant, world.now()).await, Ok(vec![made.clone()]));
    assert_eq!(world.store.invitations_to(&bob.email, world.now()).await, Ok(vec![made.clone()]));
    let forged = PresentedInvitation { digest: [8; 32], ..presented(&made) };
    assert_eq!(world.store.invited(forged, world.now()).await, Ok(None));
    assert_eq!(world.store.invited(presented(&made), world.now()).await.unwrap().unwrap().invitation, made);
    assert_eq!(accept(&world, &made, &eve).await, Err(StoreError::InvitationForAnother));
    assert_eq!(accept(&world, &made, &bob).await, Ok(Role::Member));
    assert_eq!(accept(&world, &made, &bob).await, Err(StoreError::InvalidOneTimeToken));
    assert!(world.store.user(bob.id).await.unwrap().unwrap().is_verified, "it was mailed");
    assert!(world.store.membership(tenant, bob.id).await.unwrap().unwrap().is_chosen);
    assert_eq!(world.store.invitations_of(tenant, world.now()).await, Ok(vec![]));
    let expected = [
        ChangeKind::InvitationMade(made.id, Role::Member),
        ChangeKind::EmailVerified(bob.id),
        ChangeKind::InvitationAccepted(made.id),
        ChangeKind::MemberAdded(bob.id, Role::Member),
    ];
    assert_eq!(world.kinds(before).await, expected);
    let again = world.store.invite(invitation(&world, tenant, ann.id, Some(&bob.email)), world.stamp()).await;
    assert_eq!(again, Err(StoreError::AlreadyMember));
}

pub async fn an_account_and_its_membership_are_made_together_or_not_at_all(world: World) {
    let ann = world.user("ann").await;
    let tenant = world.workspace(ann.id).await;
    let guest = world.new_user("guest");
    let made = invite(&world, tenant, ann.id, Some(&guest.email)).await;
    let register =
        |user: User, presented| world.store.register_invited(user, "hash".to_owned(), presented, world.stamp());
    let forged = PresentedInvitation { digest: [8; 32], ..presented(&made) };
    assert_eq!(register(guest.clone(), forged).await, Err(StoreError::InvalidOneTimeToken));
    assert_eq!(register(world.new_user("eve"), presented(&made)).await, Err(StoreError::InvitationForAnother));
    assert_eq!(world.store.counts().await.unwrap().users, 1);
    assert_eq!(register(guest.clone(), presented(&made)).await, Ok(()));
    assert!(world.store.user(guest.id).await.unwrap().unwrap().is_verified);
    assert_eq!(world.store.first_workspace_of(guest.id).await.unwrap().unwrap().workspace.id, tenant);
}

pub async fn an_invitation_that_has_expired_is_of_no_use_and_goes(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let tenant = world.workspace(ann.id).await;
    let short = Invitation { expires_at: world.now(), ..invitation(&world, tenant, ann.id, Some(&bob.email)) };
    let short = world.store.invite(short, world.stamp()).await.unwrap();
    let kept = invite(&world, tenant, ann.id, None).await;
    let accepted = invite(&world, tenant, ann.id, None).await;
    let eve = world.user("eve").await;
    assert_eq!(accept(&world, &accepted, &eve).await, Ok(Role::Member));
    assert_eq!(accept(&world, &short, &bob).await, Err(StoreError::InvalidOneTimeToken));
    assert_eq!(world.store.invitations_of(tenant, world.now()).await, Ok(vec![kept.clone()]));
    let before = world.newest_change().await;
    let (mut place, mut steps) = (None, 0);
    loop {
        place = world.store.remove_expired_invitations(world.now(), place, 2).await.unwrap();
        steps += 1;
        if place.is_none() {
            break;
        }
    }
    assert_eq!((steps, world.newest_change().await), (2, before), "the log has nothing of it");
    let as_member = |invitation: &Invitation| invitation.as_member();
    let change = |id| world.store.change_role(tenant, id, Role::Admin, ann.id, world.stamp());
    assert_eq!(change(as_member(&short)).await, Err(StoreError::NotFound(Missing::Member)));
    assert_eq!(change(as_member(&accepted)).await, Ok(Role::Member), "it stands for the member");
    assert_eq!(accept(&world, &kept, &bob).await, Ok(Role::Member));
}

pub async fn an_address_has_one_invitation_to_a_workspace(world: World) {
    let ann = world.user("ann").await;
    let (tenant, other) = (world.workspace(ann.id).await, world.workspace(ann.id).await);
    let email = Email::parse("guest@example.com").unwrap();
    let first = invite(&world, tenant, ann.id, Some(&email)).await;
    let again = Invitation { digest: [9; 32], role: Role::Admin, ..invitation(&world, tenant, ann.id, Some(&email)) };
    let second = world.store.invite(again.clone(), world.stamp()).await.unwrap();
    assert_eq!(second, Invitation { id: first.id, ..again });
    assert_eq!(world.store.invited(presented(&first), world.now()).await, Ok(None), "the newest counts");
    let elsewhere = invite(&world, other, ann.id, Some(&email)).await;
    assert_eq!(world.store.invitations_of(tenant, world.now()).await, Ok(vec![second]));
    assert_eq!(world.store.invitations_of(other, world.now()).await, Ok(vec![elsewhere]));
    // Links are as many as one likes.
    invite(&world, tenant, ann.id, None).await;
    invite(&world, tenant, ann.id, None).await;
    assert_eq!(world.store.invitations_of(tenant, world.now()).await.unwrap().len(), 3);
}

pub async fn what_somebody_made_ends_with_their_role(world: World) {
    let (ann, bob, eve) = (world.user("ann").await, world.user("bob").await, world.user("eve").await);
    let tenant = world.workspace(ann.id).await;
    let forbidden = |needs| Err(StoreError::Forbidden { needs });
    world.store.add_member(tenant, bob.id, Role::Member, ann.id, world.stamp()).await.unwrap();
    let refused = world.store.invite(invitation(&world, tenant, bob.id, None), world.stamp()).await;
    assert_eq!(refused, forbidden(Role::Admin));
    let role = |user, role| world.store.change_role(tenant, user, role, ann.id, world.stamp());
    role(bob.id, Role::Owner).await.unwrap();
    let of_owner = Invitation { role: Role::Owner, ..invitation(&world, tenant, bob.id, Some(&eve.email)) };
    let of_owner = world.store.invite(of_owner, world.stamp()).await.unwrap();
    let link = invite(&world, tenant, bob.id, None).await;
    let pending = || async { world.store.invitations_of(tenant, world.now()).await.unwrap().len() };
    assert_eq!(pending().await, 2);
    role(bob.id, Role::Admin).await.unwrap();
    assert_eq!(pending().await, 1, "an admin can't invite an owner");
    assert_eq!(accept(&world, &of_owner, &eve).await, Err(StoreError::InvalidOneTimeToken));
    world.store.remove_member(tenant, bob.id, ann.id, world.stamp()).await.unwrap();
    assert_eq!(
        accept(&world, &link, &bob).await,
        Err(StoreError::InvalidOneTimeToken),
        "nobody comes back by their own"
    );
    assert_eq!(pending().await, 0);
}

pub async fn a_deleted_address_is_invited_nowhere(world: World) {
    let (ann, bob) = (world.user("ann").await, world.user("bob").await);
    let (tenant, gone) = (world.workspace(ann.id).await, world.workspace(ann.id).await);
    invite(&world, tenant, ann.id, Some(&bob.email)).await;
    invite(&world, gone, ann.id, Some(&bob.email)).await;
    world.store.delete_workspace(gone, ann.id, world.stamp()).await.unwrap();
    let made = invite(&world, tenant, ann.id, None).await;
    world.store.delete_user(bob.id, Heir::Nobody, world.stamp()).await.unwrap();
    assert_eq!(world.store.invitations_of(tenant, world.now()).await, Ok(vec![made]));
    while world.store.sweep_deleted_workspaces(1).await.unwrap() {}
    assert_eq!(world.store.invitations_to(&bob.email, world.now()).await, Ok(vec![]));
}

pub async fn s51_no_more_invitations_wait_than_are_looked_through_at_once(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    for _ in 0..Quotas::INVITATIONS {
        invite(&world, tenant, ann, None).await;
    }
    let more = || world.store.invite(invitation(&world, tenant, ann, None), world.stamp());
    let refused = StoreError::QuotaExceeded { quota: Quota::Invitations, limit: Quotas::INVITATIONS };
    assert_eq!(more().await, Err(refused));
    let newest = world.store.invitations_of(tenant, world.now()).await.unwrap().remove(0);
    world.store.revoke_invitation(tenant, newest.id, ann, world.stamp()).await.unwrap();
    assert!(more().await.is_ok());
}
