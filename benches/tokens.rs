//! What it costs to check the tokens that come with a request, and a password.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use ghostworks::auth::{
    AccessTokens, Asker, Claims, HashCost, PasswordHasher, RefreshToken, SigningKey, SigningKeys, TokenType,
};
use ghostworks::config::Auth;
use ghostworks::domain::{Clock, Entropy, IdGenerator, SystemClock, SystemEntropy};

fn claims(clock: &dyn Clock, ids: &IdGenerator) -> Claims {
    let now = clock.now();
    Claims {
        sub: ids.next(now),
        email: "ann@example.com".to_owned(),
        tenant_id: None,
        role: None,
        token_type: TokenType::Access,
        exp: now.as_second() + 900,
        nbf: None,
        iat: now.as_second(),
        jti: ids.next(now),
        sid: ids.next(now),
        iss: "ghostworks".to_owned(),
        aud: "ghostworks-api".to_owned(),
    }
}

fn tokens(criterion: &mut Criterion) {
    let (clock, entropy, ids) = (SystemClock, SystemEntropy, IdGenerator::new());
    let keys = SigningKeys::only(SigningKey::from_bytes((&entropy as &dyn Entropy).bytes::<32>().to_vec()));
    let made = || AccessTokens::new(&keys, "ghostworks", "ghostworks-api", Arc::new(clock));
    let tokens = made();
    let claims = claims(&clock, &ids);
    let now = clock.now();

    criterion.bench_function("access token: sign", |bencher| bencher.iter(|| tokens.sign(black_box(&claims))));
    let token = tokens.sign(&claims).expect("a token");
    criterion.bench_function("access token: verify, first time", |bencher| {
        bencher.iter_batched(made, |fresh| fresh.verify(black_box(&token), now), BatchSize::SmallInput);
    });
    criterion.bench_function("access token: verify, again", |bencher| {
        bencher.iter(|| tokens.verify(black_box(&token), now));
    });
    let refresh = RefreshToken::generate(claims.sub, claims.sid, &entropy).encode();
    criterion.bench_function("refresh token: parse and digest", |bencher| {
        bencher.iter(|| RefreshToken::parse(black_box(&refresh)).map(|token| token.secret.digest()));
    });
}

/// One password at the default cost, on one thread.
fn passwords(criterion: &mut Criterion) {
    let defaults = Auth::default();
    let cost = HashCost {
        memory_kib: defaults.hash_memory_kib,
        iterations: defaults.hash_iterations,
        parallelism: defaults.hash_parallelism,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let hasher = PasswordHasher::new(cost, 1, 1, Arc::new(SystemEntropy), Arc::new(|_| {})).expect("a hasher");
    let password = || "Uncommon-Passphrase-1".into();
    let hash = runtime.block_on(hasher.hash(password(), Asker::default())).expect("a hash");
    criterion.bench_function("password: verify", |bencher| {
        bencher.iter(|| runtime.block_on(hasher.verify(password(), Some(hash.clone()), Asker::default())));
    });
}

criterion_group!(benches, tokens, passwords);
criterion_main!(benches);
