//! `ghostworks completions` and `ghostworks man`: what shells and `man` know of the command line.

use std::io;

use clap::CommandFactory as _;
use clap_complete::Shell;

use super::{Cli, Failure, print_bytes};

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The shell
    shell: Shell,
}

/// Prints what completes commands in a shell.
pub(super) fn completions(args: &Args) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "ghostworks", &mut script);
    print_bytes(&script)
}

/// Prints the manual page: of the program, and below it of each command.
pub(super) fn man() -> Result<(), Failure> {
    print_bytes(&page().map_err(Failure::Output)?)
}

fn page() -> io::Result<Vec<u8>> {
    let mut page = Vec::new();
    let mut program = Cli::command().disable_help_subcommand(true);
    program.build();
    clap_mangen::Man::new(program.clone()).render(&mut page)?;
    for command in program.get_subcommands() {
        let name = format!("ghostworks {}", command.get_name());
        page.extend(format!(".SH {}\n", name.to_uppercase()).into_bytes());
        let manual = clap_mangen::Man::new(command.clone().bin_name(name));
        manual.render_synopsis_section(&mut page)?;
        manual.render_description_section(&mut page)?;
        manual.render_options_section(&mut page)?;
        if command.has_subcommands() {
            manual.render_subcommands_section(&mut page)?;
        }
    }
    Ok(page)
}
