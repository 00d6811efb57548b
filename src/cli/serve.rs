//! `ghostworks serve`: the server itself.

use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use super::{Failure, confirm};
use crate::{
    app::{self, Start},
    config::{Config, Domain, Effective, Sources},
};

#[derive(Debug, Default, clap::Args)]
pub(super) struct Args {
    /// Begin with an empty database although the one that was there is missing
    #[arg(long)]
    new: bool,
    /// Try it out: an instance of its own with people and artifacts to look at, which goes when it stops
    #[arg(long, conflicts_with_all = ["new", "domains", "data_dir"])]
    demo: bool,
    /// Serve this domain over TLS, in production, on ports 443 and 80, with a certificate that an authority gives and that is
    /// renewed by itself; may be repeated
    #[arg(long = "domain", value_name = "NAME")]
    domains: Vec<Domain>,
    /// Accept the terms of the authority that gives certificates: Let's Encrypt, or that of server.acme_directory
    #[arg(long)]
    accept_terms: bool,
}

/// Serves until asked to stop.
pub(super) fn run(args: &Args, sources: &Sources) -> Result<(), Failure> {
    let mut sources = Sources { domains: args.domains.clone(), accept_terms: args.accept_terms, ..sources.clone() };
    let throw_away = args.demo.then(throw_away).transpose()?;
    if let Some(directory) = &throw_away {
        sources = Sources { data_dir: Some(directory.path().to_owned()), demo: true, ..sources };
    }
    let mut effective = Effective::load(&sources)?;
    let runtime = Builder::new_multi_thread().enable_all().build().map_err(Failure::Runtime)?;
    if app::needs_terms(effective.config()) {
        ask_for_consent(effective.config(), &runtime)?;
        sources.accept_terms = true;
        effective = Effective::load(&sources)?;
    }
    let served = runtime.block_on(async {
        let demo = match &throw_away {
            Some(_) => Some(app::fill_throw_away(effective.config()).await?),
            None => None,
        };
        app::serve(effective, sources, Start { may_be_new: args.new, demo }).await
    });
    // Everything that matters is closed by now; a stuck blocking task must not hold up the end.
    runtime.shutdown_background();
    Ok(served?)
}

/// A data directory that goes with the server.
fn throw_away() -> Result<TempDir, Failure> {
    tempfile::Builder::new().prefix("ghostworks-demo-").tempdir().map_err(Failure::ThrowAway)
}

/// Refuses unless the person at the terminal accepts the terms of the authority.
fn ask_for_consent(config: &Config, runtime: &Runtime) -> Result<(), Failure> {
    let authority = &config.server.acme_directory;
    let refused = |why: &str| {
        Failure::TermsNotAccepted(format!(
            "{why}; a certificate from {authority} takes accepting its terms: start with --accept-terms, or set \
             server.acme_accept_terms = true"
        ))
    };
    if !confirm::has_terminal() {
        return Err(refused("there is no terminal to ask at"));
    }
    let terms = runtime.block_on(app::terms(config))?;
    let terms = terms.map_or_else(|| "It names none.".to_owned(), |url| format!("They are at {url}."));
    let question = format!("Certificates come from {authority}, on its terms. {terms} Do you accept them?");
    if confirm::agrees(&question)? { Ok(()) } else { Err(refused("the terms were not accepted")) }
}
