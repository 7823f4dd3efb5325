#include <catch2/catch.hpp>
#include "system-under-test/plaza/store/node_store.hpp"
