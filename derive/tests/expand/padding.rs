/// Padding before, between and behind, some of it named.
#[repr(C, align(16))]
struct Sensor {
    #[shm(padding)]
    before: Reserved<8>,
    id: u8,
    value: f64,
    valid: bool,
}
