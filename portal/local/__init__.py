"""Everything one machine needs to run the whole portal: embedded servers, a supervisor, a development sign-in and mailbox."""
