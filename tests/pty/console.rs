//! A pseudo-terminal with a program in it: keys go in, a screen comes out.

use std::io::{Read as _, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtyPair, PtySize, native_pty_system};
use vt100::{MouseProtocolMode, Parser};

/// Long enough for a busy machine; waiting ends as soon as what is waited for is there.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the screen must not change to count as drawn.
const STILL: Duration = Duration::from_millis(30);

/// A program in a pseudo-terminal.
pub(crate) struct Console {
    parser: Parser,
    output: Receiver<Vec<u8>>,
    keys: Box<dyn Write + Send>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    /// The settings of the terminal before the program began.
    before: String,
}

fn terminal((columns, rows): (u16, u16)) -> PtyPair {
    let size = PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 };
    native_pty_system().openpty(size).unwrap()
}

fn command(dir: &Path, args: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_regscope"));
    command.args(args);
    command.cwd(dir);
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env_remove("LC_ALL");
    command.env_remove("NO_COLOR");
    command
}

/// A program whose terminal went away after it had begun to draw, as a connection that breaks.
pub(crate) fn abandoned(args: &[&str]) -> Box<dyn Child + Send + Sync> {
    let pair = terminal((80, 24));
    let child = pair.slave.spawn_command(command(Path::new("."), args)).unwrap();
    drop(pair.slave);
    let mut reader = pair.master.try_clone_reader().unwrap();
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    while !String::from_utf8_lossy(&seen).contains("5008") {
        let n = reader.read(&mut bytes).unwrap();
        seen.extend(bytes.iter().take(n));
    }
    child
}

impl Console {
    /// Starts `regscope` with these arguments in a directory.
    pub(crate) fn start(dir: &Path, args: &[&str], size: (u16, u16)) -> Self {
        Self::run(command(dir, args), size)
    }

    /// Starts `regscope -` fed with what is written into a named pipe.
    pub(crate) fn start_fed(pipe: &Path, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new("sh");
        command.args(["-c", "cat \"$1\" | \"$2\" -", "sh"]);
        command.arg(pipe);
        command.arg(env!("CARGO_BIN_EXE_regscope"));
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("LC_ALL");
        command.env_remove("NO_COLOR");
        Self::run(command, size)
    }

    /// Starts one test of this program, which is left out otherwise.
    pub(crate) fn start_test(name: &str, size: (u16, u16)) -> Self {
        let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
        command.args(["--ignored", "--exact", "--nocapture", name]);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        Self::run(command, size)
    }

    fn run(command: CommandBuilder, (columns, rows): (u16, u16)) -> Self {
        let pair = terminal((columns, rows));
        let before = format!("{:?}", pair.master.get_termios().unwrap());
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader().unwrap();
        let (send, output) = channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes.iter().copied().take(n).collect()).is_err() {
                    break;
                }
            }
        });
        let narrow = |n| NonZeroU16::new(n).unwrap();
        Self {
            parser: Parser::new(narrow(rows), narrow(columns), 0),
            output,
            keys: pair.master.take_writer().unwrap(),
            child,
            master: pair.master,
            before,
        }
    }

    /// Types.
    pub(crate) fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// The text on the screen.
    pub(crate) fn text(&self) -> String {
        self.parser.screen().contents()
    }

    /// Takes in what the program writes until `done`, and then until it stops changing.
    #[track_caller]
    pub(crate) fn wait(&mut self, what: &str, done: impl Fn(&str) -> bool) -> String {
        let until = Instant::now() + PATIENCE;
        loop {
            match self.output.recv_timeout(STILL) {
                Ok(bytes) => self.parser.process(&bytes),
                Err(ended) => {
                    let text = self.text();
                    if done(&text) {
                        return text;
                    }
                    let over = ended == RecvTimeoutError::Disconnected || Instant::now() > until;
                    assert!(!over, "waited in vain for {what}; the screen:\n{text}");
                }
            }
        }
    }

    /// Waits until a text is on the screen.
    #[track_caller]
    pub(crate) fn see(&mut self, text: &str) -> String {
        self.wait(text, |screen| screen.contains(text))
    }

    /// Presses keys, then waits for a text.
    #[track_caller]
    pub(crate) fn press(&mut self, keys: &str, text: &str) -> String {
        self.keys(keys);
        self.see(text)
    }

    /// Waits for the program to end; the exit status, and what it left in the terminal.
    pub(crate) fn end(&mut self) -> u32 {
        let status = self.child.wait().unwrap();
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.parser.process(&bytes);
        }
        status.exit_code()
    }

    /// Whether the terminal is as it was before the program began.
    #[track_caller]
    pub(crate) fn is_as_before(&self) {
        let screen = self.parser.screen();
        assert!(!screen.alternate_screen(), "the alternate screen is left");
        assert!(!screen.hide_cursor(), "the cursor is shown");
        assert!(!screen.bracketed_paste(), "pasted text is no longer marked");
        assert_eq!(screen.mouse_protocol_mode(), MouseProtocolMode::None);
        assert_eq!(format!("{:?}", self.master.get_termios().unwrap()), self.before);
    }
}
