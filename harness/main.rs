//! The `vrrplab` command. Exit codes: 0 pass, 1 a verdict failed, 2 wrong use or input, 3 cannot run here.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use vrrplab::command::{Arguments, Console};

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let colour = !plain && out.is_terminal();
    let err_colour = !plain && err.is_terminal();
    let code =
        vrrplab::command::run(&arguments, &mut Console { out: &mut out, err: &mut err, colour, err_colour });
    // A reader that went away, such as `head`, is no failure of ours.
    let _ = out.flush();
    code.into()
}
