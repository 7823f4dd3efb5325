// Named switches that put a known bug back into the service, so that a test tool can be measured by what it finds.
//
// Every switch sits inside the code path that it breaks. All are off by default, and off they change nothing.
#pragma once

namespace plaza {

struct Bugs {
  // Check, then act, with an await in between. "Buy now" looks at which ticket is free, waits for the payment, and
  // sells the ticket that it saw without having taken it. Two buyers whose payments overlap are sold the same ticket.
  // The correct code holds the ticket in the same turn as the look, so that nobody else can see it as free.
  bool oversell = false;

  // Durability promised too early. Answers leave when what they tell was handed to the journal, and not when its commit
  // has returned, by which time the disk would have it. A power loss in between takes back what users were told. The
  // correct code holds every answer back until the commit. Shows only where there is a data folder.
  bool ack_before_fsync = false;
};

}  // namespace plaza
