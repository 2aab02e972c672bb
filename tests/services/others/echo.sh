#!/bin/sh
# Copyright: (c) 2026, the activated.services authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
# One connection, which is its standard input and output (Accept=yes, StandardInput=socket).
read -r line && echo "you said $line"
