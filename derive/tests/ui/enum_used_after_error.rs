use shmrecord::{ShmEnum, ShmRecord, flags};

#[derive(ShmEnum, Clone, Copy)]
#[repr(u8)]
enum Phase {
    Closed,
}

#[flags]
#[repr(u8)]
enum State {
    STALE,
}

#[derive(ShmRecord, Clone, Copy)]
#[repr(C)]
struct Quote {
    phase: Phase,
    state: [State; 2],
}

fn main() {
    let _ = Quote { phase: Phase::Closed, state: [State::STALE; 2] };
}
