//! Maps the outcome of the program to an exit status.

use std::io::{Write as _, stderr};
use std::process::ExitCode;

use regscope::app::{self, Failure, Outcome};
use regscope::net::escape_text;

fn main() -> ExitCode {
    match app::run(std::env::args_os()) {
        Ok(Outcome::Done) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(3),
        Err(failure) => {
            report(&failure);
            ExitCode::from(failure.exit_status())
        }
    }
}

/// What is wrong with the arguments, with all of them that it repeats made safe.
fn shown(error: &clap::Error) -> String {
    let text = error.render().to_string();
    text.lines().map(|line| escape_text(line).into_owned() + "\n").collect()
}

/// Says what went wrong, in one sentence; a reader that closed the pipe needs none.
fn report(failure: &Failure) {
    match failure {
        // help that cannot be printed has nowhere to say so
        Failure::Arguments(error) if !error.use_stderr() => drop(error.print()),
        Failure::Arguments(error) => drop(stderr().write_all(shown(error).as_bytes())),
        Failure::NoCommand(usage) => drop(writeln!(stderr(), "{usage}")),
        failure if failure.is_closed_pipe() => {}
        failure => drop(writeln!(stderr(), "regscope: {failure}")),
    }
}
