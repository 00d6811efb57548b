//! What is asked of the person at the terminal before it is done.

use std::io::{self, IsTerminal as _};

use super::Failure;

/// Whether there is somebody to ask.
pub(super) fn has_terminal() -> bool {
    io::stdin().is_terminal()
}

/// Asks, and returns whether the answer is yes.
pub(super) fn agrees(question: &str) -> Result<bool, Failure> {
    eprint!("{question} [y/N] ");
    let mut answer = String::new();
    io::stdin().read_line(&mut answer).map_err(Failure::Input)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

/// Refuses a deletion unless the person at the terminal agrees.
pub(super) fn deletion(question: &str) -> Result<(), Failure> {
    if !has_terminal() {
        return Err(Failure::NotConfirmed("nothing was deleted: there is no terminal to ask at; --yes is an answer"));
    }
    if agrees(question)? { Ok(()) } else { Err(Failure::NotConfirmed("nothing was deleted")) }
}
