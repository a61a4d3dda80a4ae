//! What C and C++ programs do with what is generated for enums, flags and fields.

mod support;

use std::process::Command;

use support::{Scratch, golden_cases, has_tool, run, write_headers};

const WARNINGS: [&str; 6] = ["-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wpadded", "-Werror"];
/// What is made of enums, flags and facts, used; the macros where casts would be warned of.
const USES: &str = r#"
#include <assert.h>
#include "book.h"
#include "enums.h"
#include "facts.h"
#include "imports.h"
#include <stdio.h>
#include <unistd.h>

/* Where no compiler sees it coming. */
static double not_a_number(void) {
    volatile uint64_t bits = UINT64_C(0xfff8) << 48;
    const uint64_t copy = bits;
    double number;
    memcpy(&number, &copy, sizeof number);
    return number;
}

static void leave(enums_all *all, void *context) {
    (void)all;
    (void)context;
}

int main() {
    book_side side = BOOK_SIDE_BID;
    assert(side == 'B' && strcmp(book_side_name(side), "Bid") == 0 && book_side_name(7) == NULL);
    assert(book_phase_is_valid(BOOK_PHASE_CONTINUOUS) && !book_phase_is_valid(3));
    book_book_flags flags = BOOK_BOOK_FLAGS_CROSSED;
    assert(book_book_flags_has(flags, BOOK_BOOK_FLAGS_CROSSED) && !book_book_flags_has(flags, BOOK_BOOK_FLAGS_STALE));
    assert(book_level_px_is_null(INT64_MAX) && !book_level_px_is_null(0));
    assert(book_level_px_value(1250000000) == 1.25 && book_book_halt_ts_is_null(0));
    assert(book_book_symbol_length("ES") == 2 && book_book_symbol_length("0123456789abcdefXYZ") == 16);

    enums_wide wide = ENUMS_WIDE_LEAST;
    enums_id id = ENUMS_ID_MOST;
    enums_errno number = ENUMS_ERRNO_WOULD_BLOCK;
    enums_bits64 bits = ENUMS_BITS64_HIGH;
    enums_small small_ = ENUMS_SMALL_A;
    assert(wide == INT64_MIN && id == UINT32_MAX && bits == UINT64_C(1) << 63 && small_ == INT16_MIN);
    assert(strcmp(enums_errno_name(number), "Again") == 0 && enums_bits32_has(ENUMS_BITS32_HIGH, 0x80000000u));
    assert(enums_quoted_is_valid(ENUMS_QUOTED_MINUS) && !enums_quoted_is_valid(-2));

    assert(facts_everything_ratio_is_null(not_a_number()) && !facts_everything_ratio_is_null(0.5));
    assert(facts_everything_celsius_is_null(-300) && facts_everything_tiny_is_null(1e-10f));
    assert(facts_everything_thousands_value(7) == 7000 && facts_everything_grid_value(-5) == -0.5);
    assert(facts_everything_least_is_null(INT32_MIN) && facts_everything_newer_is_null(UINT64_MAX));
    assert(common_level_px_is_null(INT64_MAX));

    char address[64];
    snprintf(address, sizeof address, "posix:/ipcgen-uses-%d", getpid());
    enums_all_writer writer;
    enums_all_reader reader;
    enums_all all;
    shmrec_error error;
    assert(enums_all_create_shared(&writer, address, 1, NULL, &error) == SHMREC_OK);
    assert(enums_all_open(&reader, address, NULL, &error) == SHMREC_OK);
    assert(enums_all_read(&reader, 0, &all, NULL, &error) == SHMREC_INVALID_BITS);
    assert(strstr(error.text, "All.quoted: bytes that are no value of its type: record 0, never written; if it was") != NULL);
    assert(enums_all_update(&writer, 0, leave, NULL, &error) == SHMREC_INVALID_BITS);
    assert(strstr(error.text, ": record 0, never written; ") != NULL);
    memset(&all, 0, sizeof all);
    all.quoted = ENUMS_QUOTED_MINUS;
    assert(enums_all_write(&writer, 0, &all, &error) == SHMREC_OK);
    assert(enums_all_read(&reader, 0, &all, NULL, &error) == SHMREC_OK);
    enums_all_close(&reader);
    enums_all_close_writer(&writer);
    assert(shmrec_remove(address, NULL, &error) == SHMREC_OK);
    return 0;
}
"#;

#[test]
fn what_is_said_of_fields_is_of_use() {
    let models: Vec<_> = golden_cases().into_iter().map(|(_, model)| model).collect();
    let folder = Scratch::new("uses");
    write_headers(&models, &folder);
    let languages: [(&str, &str, &str, &[&str]); 4] = [
        ("gcc", "c11", "c", &[]),
        ("clang", "c2x", "c", &["-Wno-strict-prototypes"]),
        ("g++", "c++11", "cpp", &["-Wold-style-cast", "-Wuseless-cast"]),
        ("clang++", "c++2b", "cpp", &["-Wold-style-cast"]),
    ];
    for (compiler, standard, extension, extra) in languages {
        if !has_tool(compiler) {
            continue;
        }
        let source = folder.file(&format!("uses.{extension}"), USES);
        let program = folder.path(compiler);
        // With -ffast-math a NaN is found as well.
        for optimized in [&[][..], &["-O2", "-ffast-math"]] {
            let mut command = Command::new(compiler);
            command.arg(format!("-std={standard}")).args(WARNINGS).args(extra).args(optimized);
            run(command.arg("-o").arg(&program).arg(&source));
            run(&mut Command::new(&program));
        }
    }
}
