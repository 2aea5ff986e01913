//! The terminal of a command.

use std::io::{self, BufRead as _, IsTerminal as _, Write as _};

/// The input and output of a command.
///
/// Implement it to run a command without one, as tests do; [`Console`] is the program's own input
/// and output.
///
/// ```
/// use std::collections::VecDeque;
/// use std::io;
///
/// use quintet::management::Terminal;
///
/// /// Has the answers ready, and keeps what it is told.
/// #[derive(Default)]
/// struct Script {
///     answers: VecDeque<&'static str>,
///     told: Vec<String>,
/// }
///
/// impl Terminal for Script {
///     fn is_interactive(&self) -> bool {
///         true
///     }
///
///     fn ask(&mut self, _prompt: &str) -> io::Result<String> {
///         let answer = self.answers.pop_front().ok_or(io::ErrorKind::UnexpectedEof)?;
///         Ok(answer.to_owned())
///     }
///
///     fn ask_hidden(&mut self, prompt: &str) -> io::Result<String> {
///         self.ask(prompt)
///     }
///
///     fn say(&mut self, text: &str) {
///         self.told.push(text.to_owned());
///     }
///
///     fn complain(&mut self, text: &str) {
///         self.told.push(format!("Error: {text}"));
///     }
/// }
/// # let mut script = Script { answers: ["alice"].into(), ..Script::default() };
/// # assert_eq!(script.ask("Username: ").unwrap(), "alice");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a terminal",
    label = "this type has no `Terminal` implementation",
    note = "write `impl Terminal for {Self}`, or use `Console`"
)]
pub trait Terminal {
    /// Whether there is a person to prompt.
    fn is_interactive(&self) -> bool;

    /// Prompts, and reads a line without its end.
    ///
    /// # Errors
    /// When there is no further line.
    fn ask(&mut self, prompt: &str) -> io::Result<String>;

    /// Like [`ask`](Self::ask), without echo.
    ///
    /// # Errors
    /// When there is no further line.
    fn ask_hidden(&mut self, prompt: &str) -> io::Result<String>;

    /// Prints a result.
    fn say(&mut self, text: &str);

    /// Prints an error.
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
        // a closed output is ignored
        let _ = writeln!(io::stdout(), "{text}");
    }

    fn complain(&mut self, text: &str) {
        let _ = writeln!(io::stderr(), "{text}");
    }
}
