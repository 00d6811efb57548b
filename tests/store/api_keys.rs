//! API keys.

use ghostworks::domain::{
    ApiKey, ApiKeyId, ApiKeyName, ApiKeyUse, ChangeKind, Role, Scope, TenantId, Timestamp, UserId,
};
use ghostworks::store::{Missing, StoreError};

use crate::world::{World, later, nobody};

pub fn new_key(world: &World, tenant: TenantId, user: UserId) -> ApiKey {
    ApiKey {
        id: world.id::<ApiKeyId>(),
        tenant,
        name: ApiKeyName::parse("CI").unwrap(),
        scopes: vec![Scope::ReadArtifacts],
        digest: [7; 32],
        created_by: user,
        created_at: world.now(),
        expires_at: Some(later()),
        last_used_at: None,
    }
}

pub async fn key(world: &World, tenant: TenantId, user: UserId) -> ApiKey {
    let key = new_key(world, tenant, user);
    world.store.create_api_key(tenant, key.clone(), world.stamp()).await.unwrap();
    key
}

pub async fn a_key_is_there_until_it_is_revoked(world: World) {
    let ann = world.user("ann").await.id;
    let (tenant, other) = (world.workspace(ann).await, world.workspace(ann).await);
    let before = world.newest_change().await;
    let (first, second) = (key(&world, tenant, ann).await, key(&world, tenant, ann).await);
    assert_eq!(world.store.api_key(tenant, first.id).await, Ok(Some(first.clone())));
    assert_eq!(world.store.api_key(other, first.id).await, Ok(None), "it is another workspace's");
    assert_eq!(world.store.api_keys_of(tenant).await, Ok(vec![second.clone(), first.clone()]));
    assert_eq!(world.store.api_keys_of(other).await, Ok(vec![]));

    let foreign = world.store.revoke_api_key(other, first.id, ann, world.stamp()).await;
    assert_eq!(foreign, Err(StoreError::NotFound(Missing::ApiKey)));
    assert_eq!(world.store.revoke_api_key(tenant, first.id, ann, world.stamp()).await, Ok(()));
    assert_eq!(world.store.api_key(tenant, first.id).await, Ok(None));
    assert_eq!(world.store.api_keys_of(tenant).await, Ok(vec![second.clone()]));
    let again = world.store.revoke_api_key(tenant, first.id, ann, world.stamp()).await;
    assert_eq!(again, Err(StoreError::NotFound(Missing::ApiKey)));

    let kinds = world.kinds(before).await;
    let created = [first.id, second.id].map(ChangeKind::ApiKeyCreated);
    assert_eq!(kinds, [&created[..], &[ChangeKind::ApiKeyRevoked(first.id)]].concat());
}

pub async fn admins_make_and_revoke_keys(world: World) {
    let (ann, bob) = (world.user("ann").await.id, world.user("bob").await.id);
    let tenant = world.workspace(ann).await;
    let hers = key(&world, tenant, ann).await;
    let refused = world.store.create_api_key(tenant, new_key(&world, tenant, bob), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::NotFound(Missing::Workspace)));
    world.store.add_member(tenant, bob, Role::Member, ann, world.stamp()).await.unwrap();
    let refused = world.store.create_api_key(tenant, new_key(&world, tenant, bob), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::Forbidden { needs: Role::Admin }));
    let refused = world.store.revoke_api_key(tenant, hers.id, bob, world.stamp()).await;
    assert_eq!(refused, Err(StoreError::Forbidden { needs: Role::Admin }));
    assert_eq!(world.store.api_keys_of(tenant).await, Ok(vec![hers]));
}

pub async fn uses_are_noted_and_nobody_learns_of_it(world: World) {
    let ann = world.user("ann").await.id;
    let tenant = world.workspace(ann).await;
    let (used, revoked) = (key(&world, tenant, ann).await, key(&world, tenant, ann).await);
    world.store.revoke_api_key(tenant, revoked.id, ann, world.stamp()).await.unwrap();
    let before = world.newest_change().await;
    let at = |second: i64| Timestamp::from_second(1_760_000_000 + second).unwrap();
    let use_of = |key, second| ApiKeyUse { tenant, key, at: at(second) };

    let uses = vec![use_of(used.id, 60), use_of(revoked.id, 60), use_of(nobody(), 60)];
    assert_eq!(world.store.note_api_key_uses(uses).await, Ok(()));
    assert_eq!(world.store.note_api_key_uses(vec![use_of(used.id, 0)]).await, Ok(()));
    let noted = ApiKey { last_used_at: Some(at(60)), ..used };
    assert_eq!(world.store.api_keys_of(tenant).await, Ok(vec![noted]), "the later use, and no key came back");
    assert_eq!(world.newest_change().await, before);
}
