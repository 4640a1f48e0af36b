/* SPDX-License-Identifier: Apache-2.0 */
#include "shared/marks.h"

#include <string.h>

#define BUCKET 4

/* So many buckets are looked at to make room in one. */
#define SEARCH 256

/*
 * Part of the id (31 bits; the bucket stands for more of it) | firm (1) | the
 * second until which it counts (32).  All in one word, so that they change in
 * one step.  0, and any second that has passed: free.
 */
#define FIRM (1ULL << 32)
#define TAG(mark) ((mark) >> 33)

/* Where an id may be. */
typedef struct {
    apr_uint64_t tag;
    apr_uint64_t bucket[2];
} home_t;

/* A place, and what is there. */
typedef struct {
    tw_cell_t *cell;
    apr_uint64_t old;
} place_t;

/* A mark that could move from a bucket to its other one. */
typedef struct {
    apr_uint64_t bucket;        /* where it would come to */
    apr_uint64_t mark;
    int parent;                 /* the step to where it is; -1: a home */
    int slot;                   /* and its place there */
} step_t;

void tw_marks_lay(tw_marks_t *marks, tw_cell_t *places, int room)
{
    marks->mask = (apr_uint64_t)(room / BUCKET) - 1;
    marks->offset = (apr_uint64_t)((char *)places - (char *)marks);
}

int tw_marks_room(const tw_marks_t *marks)
{
    return (int)(marks->mask + 1) * BUCKET;
}

/* The other bucket of a mark, from either of the two. */
static apr_uint64_t other_bucket(const tw_marks_t *marks, apr_uint64_t bucket,
                                 apr_uint64_t tag)
{
    apr_uint64_t way = (tag * 0x9e3779b97f4a7c15ULL >> 32) & marks->mask;

    return bucket ^ (way ? way : 1);
}

/* Ids are random bytes already. */
static home_t home_of(const tw_marks_t *marks, const tw_id_t *id)
{
    apr_uint64_t key;
    home_t home;

    memcpy(&key, id->bytes, sizeof(key));
    home.tag = TAG(key);
    home.bucket[0] = (key ^ key >> 32) & marks->mask;
    home.bucket[1] = other_bucket(marks, home.bucket[0], home.tag);
    return home;
}

static tw_cell_t *cell_of(const tw_marks_t *marks, apr_uint64_t bucket,
                          int slot)
{
    return (tw_cell_t *)((char *)marks + marks->offset)
           + bucket * BUCKET + (apr_uint64_t)slot;
}

static int is_over(apr_uint64_t mark, apr_time_t now)
{
    return apr_time_from_sec((apr_time_t)(mark & 0xffffffffU)) <= now;
}

static apr_uint64_t mark_of(const home_t *home, int firm, apr_time_t until)
{
    apr_time_t second = apr_time_sec(until + APR_USEC_PER_SEC - 1);

    return home->tag << 33 | (firm ? FIRM : 0) | (apr_uint32_t)second;
}

/* Of a tag, and of those that are what `only` says, or of all. */
static int count_in(const tw_marks_t *marks, apr_uint64_t bucket,
                    apr_uint64_t tag, apr_uint64_t only, apr_time_t now)
{
    int i, n = 0;

    for (i = 0; i < BUCKET; i++) {
        apr_uint64_t mark = tw_cell_get(cell_of(marks, bucket, i));

        n += TAG(mark) == tag && (mark & only) == only && !is_over(mark, now);
    }
    return n;
}

/*
 * How many there are of the id.  One that moves is in two places for a
 * moment, never in none; but who looks at one bucket after the other could
 * miss it twice.
 */
static int count(const tw_marks_t *marks, const home_t *home,
                 apr_uint64_t only, apr_time_t now)
{
    apr_uint64_t moves;
    int n;

    do {
        moves = tw_cell_get(&marks->moves);
        n = count_in(marks, home->bucket[0], home->tag, only, now)
            + count_in(marks, home->bucket[1], home->tag, only, now);
    } while (n != 1 && tw_cell_get(&marks->moves) != moves);
    return n;
}

int tw_marks_has(const tw_marks_t *marks, const tw_id_t *id,
                 apr_time_t now)
{
    home_t home = home_of(marks, id);

    return count(marks, &home, 0, now) > 0;
}

int tw_marks_has_firm(const tw_marks_t *marks, const tw_id_t *id,
                      apr_time_t now)
{
    home_t home = home_of(marks, id);

    return count(marks, &home, FIRM, now) > 0;
}

/* A place in the bucket that is free, or, with over_weak, not firm. */
static int find_free(place_t *place, const tw_marks_t *marks,
                     apr_uint64_t bucket, int over_weak, apr_time_t now)
{
    int i;

    for (i = 0; i < BUCKET; i++) {
        place->cell = cell_of(marks, bucket, i);
        place->old = tw_cell_get(place->cell);
        if (is_over(place->old, now)
            || (over_weak && !(place->old & FIRM))) {
            return 1;
        }
    }
    return 0;
}

/* Moves marks one after the other, the last one to *place first, which is the
 * place of the first one then; 0 when something changed meanwhile. */
static int move_along(place_t *place, tw_marks_t *marks, const step_t *step,
                      int last)
{
    int i;

    for (i = last; step[i].parent >= 0; i = step[i].parent) {
        tw_cell_t *from = cell_of(marks, step[step[i].parent].bucket,
                                  step[i].slot);

        if (!tw_cell_swap(place->cell, step[i].mark, place->old)) {
            return 0;
        }
        atomic_fetch_add(&marks->moves, 1);
        if (!tw_cell_swap(from, 0, step[i].mark)) {
            return 0;
        }
        place->cell = from;
        place->old = 0;
    }
    return 1;
}

static int is_on_path(const step_t *step, int i, apr_uint64_t bucket)
{
    for (; i >= 0; i = step[i].parent) {
        if (step[i].bucket == bucket) {
            return 1;
        }
    }
    return 0;
}

/*
 * Looks for the shortest way in which marks can move so that a place at home
 * becomes free.  1: *place is free; 0: there is no way; -1: there was, but
 * something changed meanwhile.
 */
static int make_room(place_t *place, tw_marks_t *marks, const home_t *home,
                     int over_weak, apr_time_t now)
{
    step_t step[SEARCH];
    int n, i;

    for (n = 0; n < 2; n++) {
        step[n] = (step_t){ home->bucket[n], 0, -1, 0 };
    }
    for (i = 0; i < n; i++) {
        int slot;

        if (find_free(place, marks, step[i].bucket, over_weak, now)) {
            return move_along(place, marks, step, i) ? 1 : -1;
        }
        for (slot = 0; slot < BUCKET && n < SEARCH; slot++) {
            apr_uint64_t mark = tw_cell_get(cell_of(marks, step[i].bucket,
                                                    slot));
            apr_uint64_t bucket = other_bucket(marks, step[i].bucket,
                                               TAG(mark));

            if (!is_on_path(step, i, bucket)) {
                step[n++] = (step_t){ bucket, mark, i, slot };
            }
        }
    }
    return 0;
}

/* The mark at home that ends first. */
static void find_first_to_end(place_t *place, const tw_marks_t *marks,
                              const home_t *home)
{
    int i;

    place->cell = NULL;
    for (i = 0; i < 2 * BUCKET; i++) {
        tw_cell_t *cell = cell_of(marks, home->bucket[i / BUCKET],
                                  i % BUCKET);
        apr_uint64_t mark = tw_cell_get(cell);

        if (!place->cell || (apr_uint32_t)mark < (apr_uint32_t)place->old) {
            place->cell = cell;
            place->old = mark;
        }
    }
}

typedef enum { PUT, THERE, NO_ROOM, INSTEAD } put_t;

/*
 * The first place at home that is free, NO_ROOM when there is none; THERE when
 * a mark of the id is at home.  Both by one look at each place: between two,
 * another caller could put the id into what is then not free any more.
 */
static put_t find_at_home(place_t *place, const tw_marks_t *marks,
                          const home_t *home, apr_time_t now)
{
    apr_uint64_t moves;

    do {
        int i;

        moves = tw_cell_get(&marks->moves);
        place->cell = NULL;
        for (i = 0; i < 2 * BUCKET; i++) {
            tw_cell_t *cell = cell_of(marks, home->bucket[i / BUCKET],
                                      i % BUCKET);
            apr_uint64_t mark = tw_cell_get(cell);

            if (is_over(mark, now)) {
                if (!place->cell) {
                    place->cell = cell;
                    place->old = mark;
                }
            }
            else if (TAG(mark) == home->tag) {
                return THERE;
            }
        }
    } while (tw_cell_get(&marks->moves) != moves);
    return place->cell ? PUT : NO_ROOM;
}

/*
 * Puts the mark, unless there is one of the id; INSTEAD of a firm one when
 * there is no other way.
 *
 * Of several callers with one id just one is told PUT and then counts one
 * mark: they find the same place, and it changes in one step.  In the rare
 * case that each had to make room in another way, or that their clocks told
 * them of different free places, all but one of them, or all, count two.
 */
static put_t put(tw_marks_t *marks, const home_t *home, apr_uint64_t mark,
                 apr_time_t now)
{
    int firm = (mark & FIRM) != 0;

    for (;;) {
        place_t place;
        put_t result = find_at_home(&place, marks, home, now);
        int room = result == PUT;

        if (result == THERE) {
            return THERE;
        }
        if (!room) {
            room = make_room(&place, marks, home, 0, now);
        }
        if (!room && firm) {
            room = make_room(&place, marks, home, 1, now);
        }
        if (!room && !firm) {
            return NO_ROOM;
        }
        if (!room) {
            find_first_to_end(&place, marks, home);
        }
        if (room >= 0 && tw_cell_swap(place.cell, mark, place.old)) {
            atomic_fetch_add(&marks->lost, !room);
            return room ? PUT : INSTEAD;
        }
    }
}

int tw_marks_claim(tw_marks_t *marks, const tw_id_t *id,
                   apr_time_t until, apr_time_t now)
{
    home_t home = home_of(marks, id);

    return put(marks, &home, mark_of(&home, 1, until), now) != THERE
           && count(marks, &home, 0, now) <= 1;
}

/* Has a mark of the id count as long as the other one, and be firm as it. */
static void prolong_one(tw_cell_t *cell, apr_uint64_t with, apr_time_t now)
{
    apr_uint64_t mark = tw_cell_get(cell), merged;

    do {
        apr_uint32_t end = (apr_uint32_t)mark, other = (apr_uint32_t)with;

        if (TAG(mark) != TAG(with) || is_over(mark, now)) {
            return;
        }
        merged = ((mark | with) & ~0xffffffffULL) | (end > other ? end
                                                                 : other);
    } while (!atomic_compare_exchange_strong(cell, &mark, merged));
}

static void prolong(tw_marks_t *marks, const home_t *home, apr_uint64_t with,
                    apr_time_t now)
{
    apr_uint64_t moves;
    int i;

    do {
        moves = tw_cell_get(&marks->moves);
        for (i = 0; i < 2 * BUCKET; i++) {
            prolong_one(cell_of(marks, home->bucket[i / BUCKET], i % BUCKET),
                        with, now);
        }
    } while (tw_cell_get(&marks->moves) != moves);
}

int tw_marks_keep(tw_marks_t *marks, const tw_id_t *id,
                  int firm, apr_time_t until, apr_time_t now)
{
    home_t home = home_of(marks, id);
    apr_uint64_t mark = mark_of(&home, firm, until);
    put_t result;

    if (until <= now) {
        return 1;
    }
    result = put(marks, &home, mark, now);
    if (result == THERE) {
        prolong(marks, &home, mark, now);
    }
    /* it may have been given up for another one meanwhile */
    return result != INSTEAD && (!firm || count(marks, &home, 0, now));
}

int tw_marks_used(const tw_marks_t *marks, apr_time_t now)
{
    int i, used = 0, room = tw_marks_room(marks);

    for (i = 0; i < room; i++) {
        used += !is_over(tw_cell_get(cell_of(marks, 0, i)), now);
    }
    return used;
}
