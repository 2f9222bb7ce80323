package carteiro.send;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/**
 * The lines of send that are of no single message; those are carteiro.protocol.MessageEvent. docs/programs/send.md explains
 * each.
 */
sealed interface SendEvent extends LogEvent {
    @Override
    default String program() {
        return "send";
    }

    /** How much runs. */
    @EventName("status")
    record RunningCounts(int local, int localMost, int remote, int remoteMost, boolean exiting) implements SendEvent {
        @Override
        public String line() {
            return "status: local " + local + "/" + localMost + " remote " + remote + "/" + remoteMost
                    + (exiting ? " exitasap" : "");
        }
    }

    /** What waits takes all the memory it may. */
    @EventName("memory-full")
    record MemoryFull(long messages, long octets) implements SendEvent {
        @Override
        public String line() {
            return "alert: full: " + messages + " messages take " + octets
                    + " octets of memory, a quarter of the heap; the others wait with queue until some of these have ended";
        }
    }

    /** Another program is there and does not serve our user. */
    @EventName("program-refused")
    record ProgramRefused(String other, String reason) implements SendEvent {
        @Override
        public String line() {
            return "alert: oh no! " + other + " refuses send (" + LogText.sentence(reason)
                    + "); mail is accepted and not delivered: see what " + other
                    + " says of the user of this connection, and start both as the users that \"carteiro init\" made, or"
                    + " all as one user";
        }
    }

    /** Another program cannot be reached. */
    @EventName("program-lost")
    record ProgramLost(String other, String reason) implements SendEvent {
        @Override
        public String line() {
            return "alert: oh no! lost " + other + " (" + LogText.sentence(reason)
                    + "); what needs it waits until it is back: see \"carteiro status\", then \"carteiro start "
                    + other
                    + "\"";
        }
    }

    /** It is back. */
    @EventName("program-back")
    record Back(String other) implements SendEvent {
        @Override
        public String line() {
            return "send: " + other + " answers again; what waited for it goes on";
        }
    }

    /** The clock of the system was set back. */
    @EventName("clock-set-back")
    record ClockSetBack(long seconds) implements SendEvent {
        @Override
        public String line() {
            return "warning: send: the clock was set back by " + seconds
                    + " seconds; what would wait longer for that is tried as if it had just been deferred";
        }
    }

    /** HUP, and lookup cannot be asked. */
    @EventName("lookup-not-asked")
    record LookupNotAsked(String reason) implements SendEvent {
        String sentence() {
            return "lookup could not be asked to read control/locals and control/virtualdomains again ("
                    + LogText.sentence(reason) + "); it reads them when it starts, else reload again";
        }

        @Override
        public String line() {
            return "alert: " + sentence();
        }
    }

    /** HUP found a mistake. */
    @EventName("unable-to-reread")
    record UnableToReread(String problems) implements SendEvent {
        @Override
        public String line() {
            return "alert: unable to reread controls, the old ones stay: " + LogText.sentence(problems);
        }
    }

    /** A second send, or no settings. */
    @EventName("send-cannot-start")
    record SendCannotStart(String reason) implements SendEvent {
        @Override
        public String line() {
            return "alert: cannot start: " + LogText.sentence(reason);
        }
    }
}
