//! A new password: typed twice without being shown, or from standard input.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _, stderr, stdin};

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use crate::cli::Failure;

/// Reads it: from standard input if so wished, else from the person at the terminal.
pub(super) fn read(from_stdin: bool) -> Result<String, Failure> {
    let password = match (from_stdin, stdin().is_terminal()) {
        (true, _) => line().map_err(|error| unreadable(&error))?,
        (false, true) => typed()?,
        (false, false) => {
            let words = "there is no terminal to type a password at; give it on standard input with --password-stdin";
            return Err(Failure::NoPassword(words.to_owned()));
        }
    };
    if password.is_empty() { Err(Failure::NoPassword("the password is empty".to_owned())) } else { Ok(password) }
}

/// Asks for it twice.
fn typed() -> Result<String, Failure> {
    let password = ask("New password: ").map_err(|error| unreadable(&error))?;
    let again = ask("Once more: ").map_err(|error| unreadable(&error))?;
    if password == again {
        Ok(password)
    } else {
        Err(Failure::NoPassword("these were two different passwords; nothing was changed".to_owned()))
    }
}

/// What is typed after a prompt, which is not shown.
fn ask(prompt: &str) -> io::Result<String> {
    let mut screen = stderr().lock();
    write!(screen, "{prompt}")?;
    screen.flush()?;
    let shown = tcgetattr(stdin())?;
    let mut hidden = shown.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(stdin(), OptionalActions::Flush, &hidden)?;
    let typed = line();
    tcsetattr(stdin(), OptionalActions::Flush, &shown)?;
    writeln!(screen)?;
    typed
}

/// A line of standard input, without its end.
fn line() -> io::Result<String> {
    let mut line = String::new();
    stdin().lock().read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn unreadable(error: &io::Error) -> Failure {
    Failure::NoPassword(format!("the password can't be read: {error}"))
}
