package carteiro.send;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;
import carteiro.mail.MailDate;
import carteiro.protocol.Withdrawal;
import java.time.Instant;

/** The lines of send: qmail-send's word for word, then those of our own (docs/programs/send.md). */
sealed interface SendEvent extends LogEvent {
    @Override
    default String program() {
        return "send";
    }

    /** A message is taken from the queue for the first time. */
    @EventName("message-new")
    record NewMessage(long message) implements SendEvent {
        @Override
        public String line() {
            return "new msg " + message;
        }
    }

    /** What is known of it. {@code qp} is the message's own number here. */
    @EventName("message-info")
    record Info(long message, long octets, String sender, long qp, long uid) implements SendEvent {
        @Override
        public String line() {
            return "info msg " + message + ": bytes " + octets + " from <" + LogText.safe(sender) + "> qp " + qp
                    + " uid " + uid;
        }
    }

    /** A delivery begins. */
    @EventName("delivery-starting")
    record Starting(long delivery, long message, String channel, String recipient) implements SendEvent {
        @Override
        public String line() {
            return "starting delivery " + delivery + ": msg " + message + " to " + channel + " "
                    + LogText.safe(recipient);
        }
    }

    /** How a delivery ended. */
    enum DeliveryEnding {
        /** Done. */
        SUCCESS,
        /** Failed for good. */
        FAILURE,
        /** To be tried again. */
        DEFERRAL;

        String word() {
            return switch (this) {
                case SUCCESS -> "success";
                case FAILURE -> "failure";
                case DEFERRAL -> "deferral";
            };
        }
    }

    /** A delivery has ended. */
    @EventName("delivery-ended")
    record DeliveryEnded(long delivery, DeliveryEnding kind, String text) implements SendEvent {
        @Override
        public String line() {
            return "delivery " + delivery + ": " + kind.word() + ": " + LogText.safe(text);
        }
    }

    /** The answer of local or remote made no sense. */
    @EventName("delivery-mangled")
    record Mangled(long delivery) implements SendEvent {
        @Override
        public String line() {
            return "delivery " + delivery + ": report mangled, will defer";
        }
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

    /** send ends. */
    @EventName("send-exiting")
    record Exiting() implements SendEvent {
        @Override
        public String line() {
            return "status: exiting";
        }
    }

    /** A bounce is in the queue; {@code qp} is its number. */
    @EventName("bounce-queued")
    record BounceQueued(long message, long qp) implements SendEvent {
        @Override
        public String line() {
            return "bounce msg " + message + " qp " + qp;
        }
    }

    /** A double bounce failed: nobody is told. */
    @EventName("triple-bounce")
    record TripleBounce(long message) implements SendEvent {
        @Override
        public String line() {
            return "triple bounce: discarding bounce/" + message;
        }
    }

    /** A bounce failed, and control/doublebounceto is empty. */
    @EventName("double-bounce-discarded")
    record DoubleBounceDiscarded(long message) implements SendEvent {
        @Override
        public String line() {
            return "double bounce: discarding bounce/" + message;
        }
    }

    /** The message is finished. */
    @EventName("message-ended")
    record EndMessage(long message) implements SendEvent {
        @Override
        public String line() {
            return "end msg " + message;
        }
    }

    /** An administrator withdrew it; so many recipients had neither been delivered nor failed. */
    @EventName("message-withdrawn")
    record Withdrawn(long message, Withdrawal.WithdrawalAction way, int recipients, String by, String reason)
            implements SendEvent {
        @Override
        public String line() {
            return switch (way) {
                        case REMOVE -> "removed msg ";
                        case BOUNCE -> "gave up msg ";
                    }
                    + message + ": recipients " + recipients + " by " + LogText.safe(by)
                    + (reason.isEmpty() ? "" : ": " + LogText.sentence(reason));
        }
    }

    /** The bounce could not be queued now. */
    @EventName("bounce-trouble")
    record BounceTrouble(long message, String reason) implements SendEvent {
        @Override
        public String line() {
            return "warning: trouble injecting bounce message for msg " + message + ", will try later: "
                    + LogText.sentence(reason);
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

    /** queue tells no addresses of a message. */
    @EventName("addresses-not-told")
    record NoAddresses(long message, int recipient, Instant next) implements SendEvent {
        @Override
        public String line() {
            return "warning: msg " + message + ": queue does not tell the addresses from recipient " + recipient
                    + " on; they are tried again at " + next;
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

    /** A message broke local or remote too often. */
    @EventName("message-parked")
    record Parked(long message, String channel, int times, Instant until, String reason) implements SendEvent {
        @Override
        public String line() {
            return "alert: msg " + message + " broke " + channel + " " + times + " times and is parked until "
                    + MailDate.format(until) + "; look at the message, and report a bug: " + LogText.sentence(reason);
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

    /** lookup has no answer for a message. */
    @EventName("no-route")
    record NoRoute(long message, String reason) implements SendEvent {
        @Override
        public String line() {
            return "warning: msg " + message
                    + ": lookup does not tell where its recipients go; it is asked again later: "
                    + LogText.sentence(reason);
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
