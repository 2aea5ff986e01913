//! Where a command asks and answers.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// A person at the other end of a command.
///
/// Implement it to run a command without one, as tests do; [`Console`] is the program's own input
/// and output.
pub trait Terminal {
    /// True when somebody can be asked.
    fn is_interactive(&self) -> bool;

    /// Asks, and reads a line without its end.
    ///
    /// # Errors
    /// When there is no further line.
    fn ask(&mut self, prompt: &str) -> io::Result<String>;

    /// The same without showing what is typed.
    ///
    /// # Errors
    /// When there is no further line.
    fn ask_hidden(&mut self, prompt: &str) -> io::Result<String>;

    /// Says how it went.
    fn say(&mut self, text: &str);

    /// Says what is wrong.
    fn complain(&mut self, text: &str);

    /// A variable of the environment.
    fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

/// Standard input, output and error. Passwords are read by the crate `rpassword`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Console;

impl Terminal for Console {
    fn is_interactive(&self) -> bool {
        io::stdin().is_terminal()
    }

    fn ask(&mut self, prompt: &str) -> io::Result<String> {
        let mut out = io::stdout();
        out.write_all(prompt.as_bytes())?;
        out.flush()?;
        let mut line = String::new();
        if io::stdin().lock().read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(line.trim_end_matches(['\n', '\r']).to_owned())
    }

    fn ask_hidden(&mut self, prompt: &str) -> io::Result<String> {
        rpassword::prompt_password(prompt)
    }

    fn say(&mut self, text: &str) {
        // whoever closed the output does not want to hear it
        let _ = writeln!(io::stdout(), "{text}");
    }

    fn complain(&mut self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }
}
