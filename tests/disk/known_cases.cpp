// What a crash may leave of small programs, known case by known case: which states ext4 allows, which XFS does beyond
// them, and which POSIX does beyond these. The states are all of them, no more and no less.
#include <catch2/catch.hpp>

#include "tests/disk/program.hpp"
#include "tests/disk/tree.hpp"

using namespace stillpoint;
using namespace stillpoint::test;

namespace {

using Sectors = std::vector<std::uint32_t>;
const Sectors kBoth{512, 4096}, k512{512}, k4096{4096};

struct Case {
  const char* what;
  const char* setup;  // is synced
  const char* program;
  const Sectors& sectors;
  States ext4;
  States more_with_xfs;
  States more_with_posix;
};

// Linux, Documentation/admin-guide/ext4.rst, auto_da_alloc: "ext4 will detect the replace-via-rename and
// replace-via-truncate patterns and force that any delayed allocation blocks are allocated such that at the next
// journal commit, in the default data=ordered mode, the data blocks of the new file are forced to disk before the
// rename() operation is committed." XFS does nothing of the kind: the file of no length, or of zeros, is its FAQ's
// ("Why do I see binary NULLS in some files after recovery"). POSIX promises nothing of what was not synced; fsync(2):
// "Calling fsync() does not necessarily ensure that the entry in the directory containing the file has also reached
// disk. For that an explicit fsync() on a file descriptor for the directory is also needed." Pillai et al., "All File
// Systems Are Not Created Equal" (OSDI 2014), section 4, find that applications depend on each of these.
const Case kRename[] = {
    {"nothing is synced",
     "create f; write f 0 a*512",
     "create t; write t 0 b*512; rename t f",
     kBoth,
     {"f=a*512", "f=a*512 t=", "f=a*512 t=b*512", "f=b*512"},
     {"f=", "f=0*512", "f=a*512 t=0*512"},
     {"f=?*512", "f=a*512 t=?*512"}},
    {"the file is synced",
     "create f; write f 0 a*512",
     "create t; write t 0 b*512; fsync t; rename t f",
     kBoth,
     {"f=a*512 t=b*512", "f=b*512"},
     {},
     {"f=a*512"}},
    {"the directory is synced",
     "create f; write f 0 a*512",
     "create t; write t 0 b*512; rename t f; fsync /",
     kBoth,
     {"f=b*512"},
     {"f=", "f=0*512"},
     {"f=?*512"}},
    {"both are synced",
     "create f; write f 0 a*512",
     "create t; write t 0 b*512; fsync t; rename t f; fsync /",
     kBoth,
     {"f=b*512"},
     {},
     {}},
    {"the new file is cut first, and not closed",
     "create f; write f 0 a*512",
     "truncate f 0; append f b*512",
     kBoth,
     {"f=", "f=a*512", "f=b*512"},
     {"f=0*512"},
     {"f=?*512"}},
    // The close is what makes ext4 write it.
    {"the new file is cut first, and closed",
     "create f; write f 0 a*512",
     "open f; truncate f 0; append f b*512; close f; create g; fsync g",
     kBoth,
     {"f=b*512 g="},
     {"f= g=", "f=0*512 g="},
     {"f=", "f=0*512", "f=?*512", "f=?*512 g=", "f=a*512", "f=a*512 g=", "f=b*512"}},
    {"two files change places",
     "create f; write f 0 a*512; create g; write g 0 b*512",
     "exchange f g",
     kBoth,
     {"f=a*512 g=b*512", "f=b*512 g=a*512"},
     {},
     {}},
};

// ext4 and XFS journal the creation; the size comes with the data, by delayed allocation. fsync of a new file commits
// the transaction in which it was made (ext4_sync_file(), xfs_file_fsync()): its name is there, and so, in ext4, is
// every other name. fdatasync does, too, for the file is new.
const Case kNewFiles[] = {
    {"a new file", "", "create f; write f 0 a*512", kBoth, {"f=", "f=a*512", "nothing"}, {"f=0*512"}, {"f=?*512"}},
    {"a new file, synced", "", "create f; write f 0 a*512; fsync f", kBoth, {"f=a*512"}, {}, {"nothing"}},
    {"a new file, its data synced", "", "create f; write f 0 a*512; fdatasync f", kBoth, {"f=a*512"}, {}, {"nothing"}},
    {"two new files, one of them synced",
     "",
     "create f; create g; write g 0 b*512; fsync g",
     kBoth,
     {"f= g=b*512"},
     {},
     {"f=", "g=b*512", "nothing"}},
    {"of two new files the first is synced",
     "",
     "create f; write f 0 a*512; fsync f; create g",
     kBoth,
     {"f=a*512", "f=a*512 g="},
     {},
     {"g=", "nothing"}},
    {"two files are written, one of them is synced",
     "create f; create g",
     "write f 0 a*512; write g 0 b*512; fsync g",
     kBoth,
     {"f= g=b*512", "f=a*512 g=b*512"},
     {"f=0*512 g=b*512"},
     {"f=?*512 g=b*512"}},
    // fsync of one file is no promise about the data of another.
    {"a file is overwritten, another one is made and synced",
     "create f; write f 0 a*512",
     "write f 0 b*512; create g; fsync g",
     kBoth,
     {"f=a*512 g=", "f=b*512 g="},
     {},
     {"f=a*512", "f=b*512"}},
    // open(2), O_TMPFILE: the way to a file that is there whole or not at all needs an fsync before linkat().
    {"a file without a name gets one",
     "",
     "tmpfile @t; write @t 0 a*512; link @t f",
     kBoth,
     {"f=", "f=a*512", "nothing"},
     {"f=0*512"},
     {"f=?*512"}},
    {"a file without a name is synced and gets one",
     "",
     "tmpfile @t; write @t 0 a*512; fsync @t; link @t f",
     kBoth,
     {"f=a*512", "nothing"},
     {},
     {}},
    {"a file without a name gets one and is synced",
     "",
     "tmpfile @t; write @t 0 a*512; link @t f; fsync @t",
     kBoth,
     {"f=a*512"},
     {},
     {"nothing"}},
};

// ext4's data=ordered: "all data are forced directly out to the main file system prior to its metadata being committed
// to the journal". That is so where blocks are new; within a block that the file has already, the size may come first,
// and the rest of the block is zeros (ext4_da_should_update_i_disksize()). What is appended comes in pieces, from the
// front with ext4, in any order with XFS, whose blocks are unwritten and read as zeros until then. A truncation is in
// the journal.
const Case kAppend[] = {
    {"appending a block",
     "create f; write f 0 a*4096",
     "append f b*512",
     kBoth,
     {"f=a*4096", "f=a*4096+b*512"},
     {"f=a*4096+0*512"},
     {"f=a*4096+?*512"}},
    {"appending within a block",
     "create f; write f 0 a*512",
     "append f b*512",
     kBoth,
     {"f=a*512", "f=a*512+0*512", "f=a*512+b*512"},
     {},
     {}},
    {"appending two blocks",
     "create f; write f 0 a*4096",
     "append f b*8192",
     k4096,
     {"f=a*4096", "f=a*4096+b*4096", "f=a*4096+b*8192"},
     {"f=a*4096+0*4096", "f=a*4096+0*4096+b*4096", "f=a*4096+0*8192", "f=a*4096+b*4096+0*4096"},
     {"f=a*4096+0*4096+?*4096", "f=a*4096+?*4096", "f=a*4096+?*4096+0*4096", "f=a*4096+?*4096+b*4096",
      "f=a*4096+?*8192", "f=a*4096+b*4096+?*4096"}},
    {"two appends and an overwrite",
     "create f",
     "write f 0 a*512; write f 512 b*512; write f 0 c*512",
     k512,
     {"f=", "f=a*512", "f=a*512+b*512", "f=c*512", "f=c*512+b*512"},
     {"f=0*1024", "f=0*512", "f=0*512+b*512", "f=a*512+0*512", "f=c*512+0*512"},
     {"f=0*512+?*512", "f=?*1024", "f=?*512", "f=?*512+0*512", "f=?*512+b*512", "f=a*512+?*512", "f=c*512+?*512"}},
    {"cutting", "create f; write f 0 a*4096", "truncate f 0", kBoth, {"f=", "f=a*4096"}, {}, {}},
    // The truncation's size does not wait for the data: disk-on-linux has seen ext4 leave the zeros.
    {"cutting what was appended",
     "create f",
     "append f a*512; truncate f 300",
     kBoth,
     {"f=", "f=0*300", "f=a*300", "f=a*512"},
     {"f=0*512"},
     {"f=?*300", "f=?*512"}},
    {"cutting a block and appending another",
     "create f; write f 0 a*8192",
     "truncate f 4096; append f b*512",
     kBoth,
     {"f=a*4096", "f=a*4096+b*512", "f=a*8192"},
     {"f=a*4096+0*512"},
     {"f=a*4096+?*512"}},
    // Blocks that are not cut are overwritten in place, and do not wait for the journal.
    {"cutting a block and overwriting another",
     "create f; write f 0 a*8192",
     "truncate f 4096; write f 0 b*512",
     k512,
     {"f=a*4096", "f=a*8192", "f=b*512+a*3584", "f=b*512+a*7680"},
     {},
     {}},
    // The size does not wait for data that it has always covered.
    {"filling a hole and appending",
     "create f; truncate f 8192",
     "write f 0 a*512; append f b*512",
     k512,
     {"f=0*8192", "f=0*8192+b*512", "f=a*512+0*7680", "f=a*512+0*7680+b*512"},
     {"f=0*8704", "f=a*512+0*8192"},
     {"f=0*8192+?*512", "f=?*512+0*7680", "f=?*512+0*7680+?*512", "f=?*512+0*7680+b*512", "f=?*512+0*8192",
      "f=a*512+0*7680+?*512"}},
    // So is a new block.
    {"filling a hole after a name went",
     "create f; truncate f 8192; create g",
     "unlink g; write f 0 a*4096",
     k4096,
     {"f=0*8192", "f=0*8192 g=", "f=a*4096+0*4096"},
     {},
     {"f=?*4096+0*4096", "f=?*4096+0*4096 g=", "f=a*4096+0*4096 g="}},
    // The greater size is in the journal, after the name that went, which is one and in its order.
    {"appending after a name went",
     "create f; write f 0 a*4096; create g",
     "unlink g; append f b*512",
     kBoth,
     {"f=a*4096", "f=a*4096 g=", "f=a*4096+b*512"},
     {"f=a*4096+0*512"},
     {"f=a*4096+0*512 g=", "f=a*4096+?*512", "f=a*4096+?*512 g=", "f=a*4096+b*512 g="}},
};

// The device writes a sector whole or not at all; the order is its own. No file system here journals data.
const Case kOverwrite[] = {
    {"two sectors",
     "create f; write f 0 a*1024",
     "write f 0 b*1024",
     k512,
     {"f=a*1024", "f=a*512+b*512", "f=b*1024", "f=b*512+a*512"},
     {},
     {}},
    {"one sector", "create f; write f 0 a*1024", "write f 0 b*1024", k4096, {"f=a*1024", "f=b*1024"}, {}, {}},
    {"twice the same sector",
     "create f; write f 0 a*512",
     "write f 0 b*512; write f 0 c*512",
     kBoth,
     {"f=a*512", "f=b*512", "f=c*512"},
     {},
     {}},
    {"a sector and the middle of two",
     "create f; write f 0 a*1024",
     "write f 256 b*512",
     k512,
     {"f=a*1024", "f=a*256+b*256+a*512", "f=a*256+b*512+a*256", "f=a*512+b*256+a*256"},
     {},
     {}},
};

// unlink(2) is in the journal; for POSIX, each name is for itself.
const Case kNames[] = {
    {"unlink", "create f; write f 0 a*512", "unlink f", kBoth, {"f=a*512", "nothing"}, {}, {}},
    {"unlink, and the directory is synced",
     "create f; write f 0 a*512",
     "unlink f; fsync /",
     kBoth,
     {"nothing"},
     {},
     {}},
    {"unlink and create",
     "create f; write f 0 a*512",
     "unlink f; create f; write f 0 b*512",
     kBoth,
     {"f=", "f=a*512", "f=b*512", "nothing"},
     {"f=0*512"},
     {"f=?*512"}},
    {"unlink and create, and the new file is synced",
     "create f; write f 0 a*512",
     "unlink f; create f; write f 0 b*512; fsync f",
     kBoth,
     {"f=b*512"},
     {},
     {"f=a*512", "nothing"}},
    {"a second name",
     "create f; write f 0 a*512",
     "link f g; write f 0 b*512",
     kBoth,
     {"f=a*512", "f=a*512 g~f", "f=b*512", "f=b*512 g~f"},
     {},
     {}},
    {"a second name for the first",
     "create f; write f 0 a*512",
     "link f g; unlink f",
     kBoth,
     {"f=a*512", "f=a*512 g~f", "g=a*512"},
     {},
     {"nothing"}},
    {"a second name for the first, and it is synced",
     "create f; write f 0 a*512",
     "link f g; unlink f; fsync g",
     kBoth,
     {"g=a*512"},
     {},
     {"f=a*512", "f=a*512 g~f", "nothing"}},
    // For POSIX the only durable name is gone.
    {"a second name elsewhere, and the directory of the first is synced",
     "create f; write f 0 a*512; mkdir d",
     "link f d/g; unlink f; fsync /",
     kBoth,
     {"d/ d/g=a*512"},
     {},
     {"d/"}},
};

// A rename is one change, whichever of its directories is synced. A directory that POSIX removes or moves durably takes
// along what was moved out of it: no file system loses a directory that has names.
const Case kDirectories[] = {
    {"a directory and a file in it, which is synced",
     "",
     "mkdir d; create d/f; fsync d/f",
     kBoth,
     {"d/ d/f="},
     {},
     {"d/", "nothing"}},
    {"a directory and a file in it, and the directory is synced",
     "",
     "mkdir d; create d/f; fsync d",
     kBoth,
     {"d/ d/f="},
     {},
     {"nothing"}},
    {"a directory and a file in it, and all are synced",
     "",
     "mkdir d; create d/f; fsync d/f; fsync d; fsync /",
     kBoth,
     {"d/ d/f="},
     {},
     {}},
    {"rename from one directory to another",
     "mkdir d; mkdir e; create d/f; write d/f 0 a*512",
     "rename d/f e/f",
     kBoth,
     {"d/ d/f=a*512 e/", "d/ e/ e/f=a*512"},
     {},
     {}},
    {"the same, and the old one is synced",
     "mkdir d; mkdir e; create d/f; write d/f 0 a*512",
     "rename d/f e/f; fsync d",
     kBoth,
     {"d/ e/ e/f=a*512"},
     {},
     {}},
    {"the same, and the new one is synced",
     "mkdir d; mkdir e; create d/f; write d/f 0 a*512",
     "rename d/f e/f; fsync e",
     kBoth,
     {"d/ e/ e/f=a*512"},
     {},
     {}},
    {"a directory is emptied and removed",
     "mkdir d; mkdir e; create d/f",
     "rename d/f e/g; rmdir d; fsync /",
     kBoth,
     {"e/ e/g="},
     {},
     {}},
    {"two directories trade places in the tree",
     "mkdir b; mkdir b/a; create b/a/f",
     "rename b/a a; rename b a/b; fsync a",
     kBoth,
     {"a/ a/b/ a/f="},
     {},
     {}},
};

// https://www.sqlite.org/atomiccommit.html: write the journal, sync it, (sync its directory,) write the database, sync
// it, delete the journal. What must not be is a changed database without a journal.
const Case kRollbackJournal[] = {
    {"as it should be, until the database is written",
     "create db; write db 0 a*512",
     "create j; write j 0 a*512; fsync j; fsync /; write db 0 b*512",
     kBoth,
     {"db=a*512 j=a*512", "db=b*512 j=a*512"},
     {},
     {}},
    {"as it should be, to the end",
     "create db; write db 0 a*512",
     "create j; write j 0 a*512; fsync j; fsync /; write db 0 b*512; fsync db; unlink j",
     kBoth,
     {"db=b*512", "db=b*512 j=a*512"},
     {},
     {}},
    {"the directory is not synced",
     "create db; write db 0 a*512",
     "create j; write j 0 a*512; fsync j; write db 0 b*512",
     kBoth,
     {"db=a*512 j=a*512", "db=b*512 j=a*512"},
     {},
     {"db=a*512", "db=b*512"}},
    {"nothing is synced",
     "create db; write db 0 a*512",
     "create j; write j 0 a*512; write db 0 b*512",
     kBoth,
     {"db=a*512", "db=a*512 j=", "db=a*512 j=a*512", "db=b*512", "db=b*512 j=", "db=b*512 j=a*512"},
     {"db=a*512 j=0*512", "db=b*512 j=0*512"},
     {"db=a*512 j=?*512", "db=b*512 j=?*512"}},
};

// The journal is committed every five seconds (ext4(5), commit=), dirty pages are written after thirty
// (/proc/sys/vm/dirty_expire_centisecs). POSIX knows nothing of that.
const Case kTime[] = {
    {"five seconds later",
     "",
     "create f; write f 0 a*512; wait 6",
     kBoth,
     {"f=", "f=a*512"},
     {"f=0*512"},
     {"f=?*512", "nothing"}},
    {"thirty seconds later",
     "",
     "create f; write f 0 a*512; wait 31",
     kBoth,
     {"f=a*512"},
     {},
     {"f=", "f=0*512", "f=?*512", "nothing"}},
};

States expected(const Case& known, disk::Ordering ordering) {
  States states = known.ext4;
  if (ordering != disk::Ordering::ext4_ordered) states.insert(known.more_with_xfs.begin(), known.more_with_xfs.end());
  if (ordering == disk::Ordering::strict_posix)
    states.insert(known.more_with_posix.begin(), known.more_with_posix.end());
  return states;
}

void check(std::span<const Case> table) {
  for (const Case& known : table) {
    for (const std::uint32_t sector : known.sectors) {
      for (const disk::Ordering ordering : kOrderings) {
        INFO(known.what << ": " << known.program << ", " << name_of(ordering) << ", sectors of " << sector);
        const Program setup = program_of(known.setup), program = program_of(known.program);
        CHECK(states_of({setup, program, {.ordering = ordering, .sector = sector}}) == expected(known, ordering));
      }
    }
  }
}

}  // namespace

TEST_CASE("what a crash leaves: replacing a file by rename") { check(kRename); }
TEST_CASE("what a crash leaves: new files and what they hold") { check(kNewFiles); }
TEST_CASE("what a crash leaves: appending and cutting") { check(kAppend); }
TEST_CASE("what a crash leaves: overwriting in place") { check(kOverwrite); }
TEST_CASE("what a crash leaves: names that go and come again") { check(kNames); }
TEST_CASE("what a crash leaves: directories") { check(kDirectories); }
TEST_CASE("what a crash leaves: SQLite's rollback journal, DELETE mode") { check(kRollbackJournal); }
TEST_CASE("what a crash leaves: time") { check(kTime); }

// The one case here in which ext4 allows more than XFS: its fdatasync() does not wait for a new name of an old file
// (ext4_do_update_inode() sets need_datasync where the size changes), XFS' does (xfs_fsync_seq()).
TEST_CASE("what a crash leaves: a new name and fdatasync") {
  const Program setup = program_of("create f; write f 0 a*512");
  const Program program = program_of("rename f g; write g 0 b*512; fdatasync g");
  using enum disk::Ordering;
  CHECK(states_of({setup, program, {.ordering = ext4_ordered}}) == States{"f=b*512", "g=b*512"});
  CHECK(states_of({setup, program, {.ordering = xfs}}) == States{"g=b*512"});
  CHECK(states_of({setup, program, {.ordering = strict_posix}}) == States{"f=b*512", "g=b*512"});
}
