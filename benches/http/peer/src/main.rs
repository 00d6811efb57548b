//! The bare peer of the load comparison: poem, poem-openapi and redb doing the same work as ghostworks, without
//! accounts, permissions, checks, change log or telemetry. It listens on a free loopback port and says which.
//!
//! Usage: `peer DATA_DIR`

mod artifact;
mod table;

use std::{error::Error, path::PathBuf};

use mimalloc::MiMalloc;
use poem::{
    Route, Server,
    error::InternalServerError,
    http::StatusCode,
    listener::{Acceptor, Listener, TcpListener},
};
use poem_openapi::{OpenApi, OpenApiService, param::Path, payload::Json};
use uuid::Uuid;

use artifact::{Artifact, Draft, Page};
use table::Table;

/// The allocator of ghostworks.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

struct Api {
    table: Table,
}

#[OpenApi]
impl Api {
    #[oai(path = "/artifact/:id", method = "get")]
    async fn get(&self, id: Path<Uuid>) -> poem::Result<Json<Artifact>> {
        let found = self.table.get(id.0).map_err(InternalServerError)?;
        found.map(Json).ok_or_else(|| StatusCode::NOT_FOUND.into())
    }

    #[oai(path = "/list", method = "get")]
    async fn list(&self) -> poem::Result<Json<Page>> {
        self.table.newest(20).map(Json).map_err(InternalServerError)
    }

    #[oai(path = "/artifact", method = "post")]
    async fn create(&self, draft: Json<Draft>) -> poem::Result<Json<Artifact>> {
        let artifact = Artifact::from(draft.0);
        self.table.insert(&artifact).await.map_err(InternalServerError)?;
        Ok(Json(artifact))
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let directory: PathBuf = std::env::args_os().nth(1).ok_or("usage: peer DATA_DIR")?.into();
    let table = Table::create(&directory.join("peer.redb"))?;
    let acceptor = TcpListener::bind("127.0.0.1:0").into_acceptor().await?;
    let bound = acceptor.local_addr();
    let address = bound.first().and_then(|address| address.as_socket_addr()).ok_or("no address")?;
    println!("peer ready on http://{address}");
    let api = OpenApiService::new(Api { table }, "peer", "1");
    Server::new_with_acceptor(acceptor).run(Route::new().nest("/", api)).await?;
    Ok(())
}
