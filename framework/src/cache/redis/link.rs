//! The connection to Redis, and the commands.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::{Ask, Question, Reason};

/// The pause between a failed connection and the next attempt.
const PAUSE: Duration = Duration::from_millis(200);

/// Drops entries older than the period, and stores the time if fewer than `number` are left.
/// Returns when it was stored or 0, the number of entries, and the age of the oldest. Times are
/// microseconds as text, for Lua writes a large number with an exponent.
const LOG: &str = r"
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local period, number = tonumber(ARGV[1]), tonumber(ARGV[2])
local oldest = redis.call('LINDEX', KEYS[1], -1)
while oldest and tonumber(oldest) <= now - period do
  redis.call('RPOP', KEYS[1])
  oldest = redis.call('LINDEX', KEYS[1], -1)
end
local count = redis.call('LLEN', KEYS[1])
local stored = 0
if count < number then
  stored = now
  redis.call('LPUSH', KEYS[1], string.format('%.0f', now))
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(period / 1000)))
  count = count + 1
end
return {stored, count, math.max(0, now - tonumber(oldest or now))}
";

/// Takes one time out of a log; of two that are equal it does not matter which.
const FORGET: &str = "return {redis.call('LREM', KEYS[1], 1, ARGV[1])}";

/// The thread's state of Redis.
pub(super) struct Link {
    client: Client,
    patience: Duration,
    log: Script,
    forget: Script,
    /// Locked while a connection is being made that somebody waits for.
    connecting: Mutex<()>,
    line: RefCell<Line>,
    /// The number of connections so far: a connection is dropped only by those who used it.
    made: Cell<u64>,
    /// When anything last came back.
    heard: Cell<Instant>,
}

enum Line {
    /// Unknown: the first caller connects, the others wait.
    Unknown,
    /// The connection is there.
    Up(MultiplexedConnection),
    /// Down: connecting is retried in the background, and nobody waits for it.
    Down(Reason),
}

impl Link {
    pub(super) fn new(client: Client, patience: Duration) -> Self {
        Self {
            client,
            patience,
            log: Script::new(LOG),
            forget: Script::new(FORGET),
            connecting: Mutex::new(()),
            line: RefCell::new(Line::Unknown),
            made: Cell::new(0),
            heard: Cell::new(Instant::now()),
        }
    }

    pub(super) async fn serve(self: &Rc<Self>, question: Question) {
        if question.answer.is_closed() {
            return;
        }
        let mut result = self.put(&question).await;
        if matches!(&result, Err(Failure::Dropped(_))) {
            // a connection that Redis closed while nobody asked is noticed by the first who does;
            // if it had counted already, it counts twice: a limit is never too wide
            result = self.put(&question).await;
        }
        // its asker may have left
        let _ = question.answer.send(result.map_err(Failure::reason));
    }

    async fn put(self: &Rc<Self>, question: &Question) -> Result<Vec<u64>, Failure> {
        let (number, mut connection) = self.connection().await?;
        let sent = Instant::now();
        let call = async {
            match question.ask {
                Ask::Log { period, number } => {
                    let mut call = self.log.key(&question.key);
                    call.arg(period).arg(number).invoke_async(&mut connection).await
                }
                Ask::Forget { stored } => {
                    let mut call = self.forget.key(&question.key);
                    call.arg(stored).invoke_async(&mut connection).await
                }
            }
        };
        match timeout(self.patience, call).await {
            Ok(Ok(answer)) => {
                self.heard.set(Instant::now());
                Ok(answer)
            }
            Ok(Err(error)) if error.is_io_error() || error.is_unrecoverable_error() => {
                self.give_up(number);
                Err(Failure::Dropped(error))
            }
            Ok(Err(error)) => Err(Failure::Other(error.to_string())),
            Err(_) => {
                // nothing came back at all: the other end is gone without a word
                if self.heard.get() < sent {
                    self.give_up(number);
                }
                Err(Failure::Other("it does not answer in time".into()))
            }
        }
    }

    /// The connection and its number; made when there is none yet.
    async fn connection(self: &Rc<Self>) -> Result<(u64, MultiplexedConnection), Failure> {
        if let Some(known) = self.known() {
            return known;
        }
        let _turn = self.connecting.lock().await;
        if let Some(known) = self.known() {
            return known;
        }
        match self.open().await {
            Ok(connection) => Ok((self.made.get(), connection)),
            Err(reason) => {
                self.line.replace(Line::Down(reason.clone()));
                let link = Rc::clone(self);
                tokio::task::spawn_local(async move {
                    loop {
                        tokio::time::sleep(PAUSE).await;
                        if link.open().await.is_ok() {
                            break;
                        }
                    }
                });
                Err(Failure::Other(reason))
            }
        }
    }

    fn known(&self) -> Option<Result<(u64, MultiplexedConnection), Failure>> {
        match &*self.line.borrow() {
            Line::Unknown => None,
            Line::Up(connection) => Some(Ok((self.made.get(), connection.clone()))),
            Line::Down(reason) => Some(Err(Failure::Other(reason.clone()))),
        }
    }

    async fn open(&self) -> Result<MultiplexedConnection, Reason> {
        let config =
            AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
        let opened = self.client.get_multiplexed_async_connection_with_config(&config);
        let connection = timeout(self.patience, opened)
            .await
            .map_err(|_| "it takes no connection in time")?
            .map_err(|error| error.to_string())?;
        self.heard.set(Instant::now());
        self.made.set(self.made.get() + 1);
        self.line.replace(Line::Up(connection.clone()));
        Ok(connection)
    }

    fn give_up(&self, number: u64) {
        let mut line = self.line.borrow_mut();
        if self.made.get() == number && matches!(*line, Line::Up(_)) {
            *line = Line::Unknown;
        }
    }
}

enum Failure {
    /// The connection is gone.
    Dropped(RedisError),
    /// Anything else.
    Other(Reason),
}

impl Failure {
    fn reason(self) -> Reason {
        match self {
            Self::Dropped(error) => error.to_string(),
            Self::Other(reason) => reason,
        }
    }
}
