//! What the figures were measured on: figures without that are rumours. Relies on `/proc`, `/sys` and git; says "unknown" where
//! they are silent.

use std::fs;
use std::process::Command;

use crate::pin;

pub(crate) struct Machine(Vec<(&'static str, String)>);

impl Machine {
    pub(crate) fn look() -> Self {
        let two =
            pin::two().map_or("one alone".to_owned(), |[first, second]| format!("{first} and {second}"));
        Self(vec![
            ("processor", or_unknown(processor())),
            ("cores", format!("{} to be used; two sides on {two}", pin::allowed().len())),
            ("caches", or_unknown(caches())),
            ("moves", moves().to_owned()),
            ("governor", or_unknown(read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"))),
            ("memory", or_unknown(field("/proc/meminfo", "MemTotal"))),
            ("huge pages", or_unknown(read("/sys/kernel/mm/transparent_hugepage/enabled"))),
            ("kernel", or_unknown(read("/proc/sys/kernel/osrelease"))),
            ("load before", or_unknown(read("/proc/loadavg"))),
            ("compiler", env!("BENCH_RUSTC").to_owned()),
            ("commit", or_unknown(commit())),
        ])
    }

    pub(crate) fn facts(&self) -> &[(&'static str, String)] {
        &self.0
    }
}

/// Whether the processor has the wide moves that a target depends on.
pub(crate) fn has_avx() -> bool {
    #[cfg(target_arch = "x86_64")]
    return std::arch::is_x86_feature_detected!("avx");
    #[cfg(not(target_arch = "x86_64"))]
    false
}

fn moves() -> &'static str {
    if has_avx() { "AVX" } else { "no AVX" }
}

fn or_unknown(fact: Option<String>) -> String {
    fact.unwrap_or("unknown".to_owned())
}

fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

/// The first line of a file that begins with this name.
fn field(path: &str, name: &str) -> Option<String> {
    let text = read(path)?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim().to_owned())
}

/// A virtual machine may hide the model.
fn processor() -> Option<String> {
    let [name, family, model] =
        ["model name", "cpu family", "model\t"].map(|name| field("/proc/cpuinfo", name));
    Some(format!("{}, family {}, model {}", name?, or_unknown(family), or_unknown(model)))
}

fn caches() -> Option<String> {
    let cache = |index| {
        let [level, kind, size] = ["level", "type", "size"]
            .map(|fact| read(&format!("/sys/devices/system/cpu/cpu0/cache/index{index}/{fact}")));
        Some(format!("L{} {} {}", level?, kind?.to_lowercase(), size?))
    };
    let caches: Vec<String> = (0..8).map_while(cache).collect();
    (!caches.is_empty()).then(|| caches.join(", "))
}

fn commit() -> Option<String> {
    let git = |arguments: &[&str]| {
        let said =
            Command::new("git").arg("-C").arg(env!("CARGO_MANIFEST_DIR")).args(arguments).output().ok()?;
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    let commit = git(&["rev-parse", "--short=12", "HEAD"])?;
    let is_changed = !git(&["status", "--porcelain", "--untracked-files=no"])?.is_empty();
    Some(if is_changed { format!("{commit}, changed") } else { commit })
}
