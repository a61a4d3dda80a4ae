//! The example programs as a user runs them: command lines, output, exit codes, deaths, Rust and C.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const PUBLISHER: &str = env!("CARGO_BIN_EXE_publisher");
const SUBSCRIBER: &str = env!("CARGO_BIN_EXE_subscriber");
const COUNTERS: &str = env!("CARGO_BIN_EXE_counters");
const ADOPT: &str = env!("CARGO_BIN_EXE_adopt");
const NETDEV: &str = env!("CARGO_BIN_EXE_netdev");
/// Longer than anything here takes; a test that waits as long has failed.
const LIMIT: Duration = Duration::from_secs(30);

/// An address of its own, removed at the end.
struct Segment(String);

impl Segment {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(format!("posix:/shmrecord-programs-{}-{count}", std::process::id()))
    }

    fn exists(&self) -> bool {
        Path::new("/dev/shm").join(&self.0["posix:/".len()..]).exists()
    }
}

impl Drop for Segment {
    fn drop(&mut self) {
        let _ = shmrecord::remove(&self.0);
    }
}

/// A process, killed at the end of its test.
struct Running(Child);

impl Running {
    fn start(program: &str, segment: &Segment, more: &[&str]) -> Self {
        let mut command = Command::new(program);
        command.args(["--segment", &segment.0]).args(more).stdout(Stdio::piped()).stderr(Stdio::null());
        Self(command.spawn().unwrap())
    }

    /// SIGTERM, and what it printed until its end.
    fn terminate(mut self) -> (Option<i32>, String) {
        Command::new("kill").args(["-TERM", &self.0.id().to_string()]).status().unwrap();
        let mut text = String::new();
        self.0.stdout.take().unwrap().read_to_string(&mut text).unwrap();
        (self.0.wait().unwrap().code(), text)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn run(program: &str, segment: &Segment, more: &[&str]) -> Output {
    Command::new(program).args(["--segment", &segment.0]).args(more).output().unwrap()
}

/// What a run that must succeed printed.
fn printed(program: &str, segment: &Segment, more: &[&str]) -> String {
    let output = run(program, segment, more);
    assert!(output.status.success(), "{more:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the message of a run that must fail.
fn refused(program: &str, segment: &Segment, more: &[&str]) -> (i32, String) {
    let output = run(program, segment, more);
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn wait_until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < LIMIT, "{what} did not come about");
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn csv(name: &str, text: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{name}.csv", std::process::id()));
    std::fs::write(&path, text).unwrap();
    path
}

#[test]
fn rows_of_a_csv_file_are_printed_by_field_name_in_every_format() {
    let segment = Segment::new();
    let path =
        csv("rows", "price,symbol,volume\n127.83,AAPL,63152400\n1e-3,\"B,C\",-7\n128.45,AAPL,37362400\n");
    let file = path.to_str().unwrap();
    printed(PUBLISHER, &segment, &["--records", "2", "--rate", "max", "--csv", file]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(
        printed(SUBSCRIBER, &segment, &["--once", "--format", "json"]),
        "{\"index\":0,\"version\":2,\"symbol\":\"AAPL\",\"price\":128.45,\"volume\":37362400}\n\
         {\"index\":1,\"version\":1,\"symbol\":\"B,C\",\"price\":0.001,\"volume\":-7}\n"
    );
    assert_eq!(
        printed(SUBSCRIBER, &segment, &["--once", "--format", "csv"]),
        "index,version,symbol,price,volume\n0,2,AAPL,128.45,37362400\n1,1,\"B,C\",0.001,-7\n"
    );
    assert_eq!(
        printed(SUBSCRIBER, &segment, &["--once"]),
        "   index   version    symbol     price    volume\n\
         \x20      0         2      AAPL    128.45  37362400\n\
         \x20      1         1       B,C     0.001        -7\n"
    );
}

#[test]
fn a_mistake_in_a_csv_file_creates_nothing() {
    let segment = Segment::new();
    let path = csv("mistake", "symbol,price,volume\nAAPL,127.83,63152400\nAAPL,12x,1\n");
    let file = path.to_str().unwrap();
    let (code, message) = refused(PUBLISHER, &segment, &["--records", "2", "--csv", file]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!((code, message), (1, format!("publisher: {file}:3: column 2: `12x` is no number\n")));
    let (code, message) = refused(PUBLISHER, &segment, &["--records", "2", "--csv", file]);
    assert!(code == 1 && message.contains("No such file"), "{message}");
    assert!(!segment.exists());
}

#[test]
fn command_lines_that_cannot_be_meant_are_refused() {
    let segment = Segment::new();
    for (line, code, words) in [
        (&["--records", "0"][..], 1, "bad capacity: 0 records"),
        (&["--records", "18446744073709551615"], 1, "bad capacity: 18446744073709551615 records"),
        (&["--records", "4", "--cells", "3"], 1, "bad cells: 3, expected 1, 2, 4 or 8"),
        (&["--records", "4", "--mode", "7777"], 1, "bad mode: 7777, expected 0600 to 0777"),
        (&["--records", "x"], 2, "invalid value 'x'"),
        (&["--records", "4", "--rate=-1"], 2, "expected 0.001 to 1000000000, or max"),
        (&["--records", "4", "--rate", "NaN"], 2, "expected 0.001 to 1000000000, or max"),
        (&["--records", "4", "--arrangement", "heap"], 2, "line, packed, split"),
        (&[], 2, "--records <N>"),
    ] {
        let (found, message) = refused(PUBLISHER, &segment, line);
        assert!(found == code && message.contains(words), "{line:?}: {found} {message}");
    }
    let (code, message) = refused(SUBSCRIBER, &segment, &["--once"]);
    assert!(code == 1 && message.contains("not found"), "{message}");
    assert!(!segment.exists());
}

#[test]
fn the_pattern_holds_in_every_arrangement_and_number_of_cells() {
    for line in [
        &["--arrangement", "line"][..],
        &["--arrangement", "packed"],
        &["--arrangement", "split"],
        &["--cells", "2"],
        &["--cells", "4", "--arrangement", "line"],
        &["--cells", "8", "--arrangement", "packed"],
    ] {
        let segment = Segment::new();
        let line = [&["--records", "100", "--rate", "max", "--verify-pattern"], line].concat();
        let publisher = Running::start(PUBLISHER, &segment, &line);
        wait_until("the table", || segment.exists());
        let report = printed(SUBSCRIBER, &segment, &["--verify-pattern", "--updates", "50000"]);
        assert_eq!(report, "50000 reads, 0 torn\n", "{line:?}");
        assert_eq!(publisher.terminate().0, Some(0));
    }
}

#[test]
fn records_without_the_pattern_count_as_torn() {
    let segment = Segment::new();
    printed(PUBLISHER, &segment, &["--records", "2", "--updates", "2", "--rate", "max"]);
    let output = run(SUBSCRIBER, &segment, &["--verify-pattern", "--updates", "10"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "10 reads, 10 torn\n");
}

#[test]
fn a_subscriber_follows_a_publisher_that_is_killed_and_replaced() {
    let segment = Segment::new();
    let line = ["--records", "1", "--rate", "1000"];
    let first = Running::start(PUBLISHER, &segment, &line);
    wait_until("the table", || segment.exists());
    let mut follower = Running::start(SUBSCRIBER, &segment, &["--format", "csv"]);
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "index,version,symbol,price,volume");
    let version = |line: String| line.split(',').nth(1).unwrap().parse::<u64>().unwrap();
    let before = version(lines.next().unwrap());
    let (code, message) = refused(PUBLISHER, &segment, &line);
    let holder = format!("process {} holds the role of writer", first.0.id());
    assert!(code == 1 && message.contains(&holder), "{message}");
    drop(first);

    let second = Running::start(PUBLISHER, &segment, &line);
    assert!(version(lines.next().unwrap()) > before, "versions count on");
    shmrecord::remove(&segment.0).unwrap();
    drop(second);
    let path = csv("replaced", "symbol,price,volume\nREPLACED,1,1\n");
    let line = [&line[..], &["--csv", path.to_str().unwrap(), "--updates", "1000000"]].concat();
    let _third = Running::start(PUBLISHER, &segment, &line);
    wait_until("the new table", || lines.next().unwrap().contains("REPLACED"));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_subscriber_that_sleeps_says_how_the_writer_is_and_wakes_for_the_next_one() {
    let segment = Segment::new();
    let line = ["--records", "2", "--rate", "max", "--doorbell", "--stamps"];
    printed(PUBLISHER, &segment, &[&line[..], &["--updates", "2"]].concat());
    let mut command = Command::new(SUBSCRIBER);
    command.args(["--segment", &segment.0, "--format", "csv"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut follower = Running(command.spawn().unwrap());
    let mut said = BufReader::new(follower.0.stderr.take().unwrap()).lines().map(Result::unwrap);
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines().map(Result::unwrap);
    let first = said.next().unwrap();
    assert!(first.contains("last sign of life") && first.ends_with(" ago: Dead"), "{first}");
    assert_eq!(lines.by_ref().take(3).last().unwrap().split(',').nth(1), Some("1"));

    // It takes over, so that the table stays the same; and then another one comes in its place, with the values.
    printed(PUBLISHER, &segment, &[&line[..], &["--updates", "2"]].concat());
    assert_eq!(lines.by_ref().take(2).last().unwrap().split(',').nth(1), Some("2"));
    let replacing = ["--replace", "--verify-pattern", "--records", "2", "--rate", "0.001"];
    let _next = Running::start(PUBLISHER, &segment, &replacing);
    wait_until("the successor", || said.next().unwrap().contains("another table"));
    wait_until("its record", || lines.next().unwrap().contains("0000000000"));
}

#[test]
fn a_publisher_that_lives_is_replaced_when_that_is_asked_for() {
    let segment = Segment::new();
    let line = ["--records", "1", "--rate", "1000"];
    let mut old = Running::start(PUBLISHER, &segment, &line);
    wait_until("the table", || segment.exists());
    let (code, message) = refused(PUBLISHER, &segment, &line);
    assert!(code == 1 && message.contains("replace the table if it hangs"), "{message}");
    printed(PUBLISHER, &segment, &[&line[..], &["--replace", "--updates", "1"]].concat());
    wait_until("its end", || old.0.try_wait().unwrap().is_some_and(|status| status.code() == Some(1)));
}

#[test]
fn many_writers_lose_no_count_whoever_is_killed() {
    let segment = Segment::new();
    for _ in 0..2 {
        let text = printed(COUNTERS, &segment, &[]);
        assert_eq!(text.matches(" hits on routes, ").count(), 3, "{text}");
        assert!(text.contains(", is told of the death, counts 1 more\n"), "{text}");
    }
}

#[test]
fn a_verifier_reports_when_it_is_asked_to_end() {
    let segment = Segment::new();
    printed(PUBLISHER, &segment, &["--records", "2", "--updates", "2", "--rate", "max", "--verify-pattern"]);
    let verifier = Running::start(SUBSCRIBER, &segment, &["--verify-pattern"]);
    std::thread::sleep(Duration::from_millis(100));
    let (code, text) = verifier.terminate();
    assert_eq!(code, Some(0));
    assert!(text.ends_with(" reads, 0 torn\n") && !text.starts_with("0 "), "{text}");
}

#[test]
fn network_counters_are_printed_by_name() {
    let segment = Segment::new();
    printed(NETDEV, &segment, &["--updates", "2", "--interval", "1"]);
    let text = printed(SUBSCRIBER, &segment, &["--once", "--format", "json"]);
    assert!(text.contains("\"version\":2,\"name\":\"lo\",\"received\":{\"bytes\":"), "{text}");
}

#[test]
fn programs_in_c_and_rust_share_a_table() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("c-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compile = |name: &str| {
        let source = package.join("c").join(name);
        examples::processes::compile_c(&source, &package.join("generated"), &folder).unwrap()
    };
    let (Some(publisher), Some(subscriber)) = (compile("publisher.c"), compile("subscriber.c")) else {
        assert!(std::env::var_os("SHMRECORD_REQUIRE_TOOLS").is_none(), "a C compiler is required");
        println!("skipped: no C compiler (cc)");
        return;
    };
    let in_c = |program: &Path, line: &[&str]| {
        let output = Command::new(program).args(line).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };

    let segment = Segment::new();
    in_c(&publisher, &[&segment.0, "3", "300"]);
    assert_eq!(
        printed(SUBSCRIBER, &segment, &["--once", "--format", "csv"]).lines().last(),
        Some("2,100,0000000299,149.5,299")
    );
    // The next writer is in Rust and takes over what C created.
    printed(PUBLISHER, &segment, &["--records", "3", "--updates", "6", "--rate", "max", "--verify-pattern"]);
    assert_eq!(in_c(&subscriber, &[&segment.0]).lines().last(), Some("2  102  0000000005  2.5  5"));

    // Many records, so that a writer with optimisation does not outrun a reader without.
    let segment = Segment::new();
    let line = ["--records", "1000", "--rate", "max", "--verify-pattern"];
    let writer = Running::start(PUBLISHER, &segment, &line);
    wait_until("the table", || segment.exists());
    assert_eq!(in_c(&subscriber, &[&segment.0, "verify", "100000"]), "100000 reads, 0 torn\n");
    drop(writer);
    let mut writer = Command::new(&publisher).args([&segment.0, "1000"]).spawn().map(Running).unwrap();
    let report = printed(SUBSCRIBER, &segment, &["--verify-pattern", "--updates", "100000"]);
    assert_eq!(report, "100000 reads, 0 torn\n");
    assert!(writer.0.try_wait().unwrap().is_none(), "the writer in C still writes");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_legacy_program_and_ours_update_one_table_and_lose_nothing() {
    let key = format!("{:#x}", 0x5d00_0000 | std::process::id());
    let adopt = |more: &[&str]| Command::new(ADOPT).args(["--key", &key]).args(more).output().unwrap();
    let output = adopt(&["--updates", "2000"]);
    let (text, message) =
        (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    if message.contains("no C++ compiler") {
        assert!(std::env::var_os("SHMRECORD_REQUIRE_TOOLS").is_none(), "a C++ compiler is required");
        println!("skipped: no C++ compiler (c++)");
        return;
    }
    assert!(output.status.success(), "{text}{message}");
    assert_eq!(text.matches("\n    NVDA    140.00    140.50  ").count(), 2, "before and after: {text}");
    assert!(text.contains("\nAfter 2000 updates here,"), "{text}");

    // It leaves nothing under its key; what is there already it leaves alone.
    let segment = Segment(format!("sysv:{key}"));
    let other = shmrecord::Writer::<examples::legacy::Quote>::create(&segment.0, 200).unwrap();
    let output = adopt(&[]);
    let message = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.code() == Some(1) && message.contains("is no free key"), "{message}");
    assert_eq!(other.read_versioned(0).unwrap().version, 0);
}
