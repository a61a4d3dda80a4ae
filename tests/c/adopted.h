// adopted.h: the foreign tables of adopt.c: what a header says of them that is made from a schema with their sections.
// Every test gives an address of its own.

#ifndef SHMRECORD_TESTS_ADOPTED_H
#define SHMRECORD_TESTS_ADOPTED_H

#include "shmrecord/adopt.h"

#include "md.h"

static const shmrec_foreign md_quotes_foreign = {
    "posix:/quotes", NULL, 64, 10, 48, 8, UINT64_C(1000000000), SHMREC_GUARD_SEQCOUNT, 0, 32, 0600, 0, false, false, {0, 0}};
SHMREC_DEFINE_ADOPTED(md_quotes, md_market_data, "MarketData")

static const shmrec_foreign md_tinies_foreign = {
    "posix:/tinies", NULL, 0, SHMREC_REST, 3, 0, UINT64_C(1000000000), SHMREC_GUARD_NONE, 0, 0, 0600, 0, false, false, {0, 0}};
SHMREC_DEFINE_ADOPTED(md_tinies, md_tiny, "Tiny")

static const shmrec_foreign md_books_foreign = {
    "posix:/books", NULL, 0, SHMREC_REST, sizeof(md_book), 0, UINT64_C(1000000000), SHMREC_GUARD_NONE, 0, 0, 0600, 0, false, false, {0, 0}};
SHMREC_DEFINE_ADOPTED(md_books, md_book, "Book")

#endif
