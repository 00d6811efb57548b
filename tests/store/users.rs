//! Accounts.

use ghostworks::domain::{Credentials, Email, KnownNetworks, PersonName, UserId};
use ghostworks::store::{Missing, StoreError};

use crate::world::{World, nobody};

pub async fn an_account_is_found_by_id_and_by_address(world: World) {
    let mut ann = world.new_user("ann");
    ann.first_name = PersonName::parse("Ann").unwrap();
    ann.is_verified = true;
    world.store.create_user(ann.clone(), "her hash".to_owned(), world.stamp()).await.unwrap();
    world.user("bob").await;

    assert_eq!(world.store.user(ann.id).await, Ok(Some(ann.clone())));
    let credentials = Credentials {
        user: ann.id,
        password_hash: "her hash".to_owned(),
        is_active: true,
        is_verified: true,
        networks: KnownNetworks::default(),
    };
    assert_eq!(world.store.credentials(&ann.email).await, Ok(Some(credentials)));
    assert_eq!(world.store.user(nobody()).await, Ok(None));
    assert_eq!(world.store.credentials(&Email::parse("eve@example.com").unwrap()).await, Ok(None));
}

pub async fn an_address_has_one_account(world: World) {
    let ann = world.user("ann").await;
    let before = world.newest_change().await;
    let other = world.new_user("ann");
    let refused = world.store.create_user(other.clone(), "another".to_owned(), world.stamp()).await;
    assert_eq!(refused, Err(StoreError::EmailTaken));

    assert_eq!(world.store.user(other.id).await, Ok(None));
    assert_eq!(world.store.credentials(&ann.email).await.unwrap().unwrap().user, ann.id);
    assert_eq!(world.store.counts().await.unwrap().users, 1);
    assert_eq!(world.newest_change().await, before);
}

pub async fn a_password_hash_is_replaced_if_it_is_the_expected_one(world: World) {
    let ann = world.user("ann").await;
    let replace = async |user: UserId, expected: &str, hash: &str| {
        world.store.replace_password_hash(user, expected.to_owned(), hash.to_owned(), world.stamp()).await
    };
    assert_eq!(replace(ann.id, "hash", "renewed").await, Ok(true));
    let after_the_first = world.newest_change().await;
    assert_eq!(replace(ann.id, "hash", "too late").await, Ok(false), "someone was quicker: no error");
    assert_eq!(replace(nobody(), "hash", "renewed").await, Err(StoreError::NotFound(Missing::User)));

    assert_eq!(world.store.credentials(&ann.email).await.unwrap().unwrap().password_hash, "renewed");
    assert_eq!(world.store.user(ann.id).await, Ok(Some(ann)), "the account is as it was");
    assert_eq!(world.newest_change().await, after_the_first);
}
