#!/bin/bash -eu
exec bash "$SRC/cfcheck/.clusterfuzzlite/build.sh"
