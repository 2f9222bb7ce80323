package carteiro.queue;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What queue logs; each line with its meaning in docs/programs/queue.md. */
sealed interface QueueEvent extends LogEvent {
    @Override
    default String program() {
        return "queue";
    }

    /** Ready after a start. */
    @EventName("queue-ready")
    record QueueReady(long messages, long recipients, int segments, long octetsScanned, long milliseconds)
            implements QueueEvent {
        @Override
        public String line() {
            return "queue: ready: messages " + messages + " recipients " + recipients + " segments " + segments
                    + " scanned " + octetsScanned + " octets in " + milliseconds + " ms";
        }
    }

    /** What a crash left unfinished was cut. */
    @EventName("segment-tail-cut")
    record TornTail(String segment, long offset, long octets) implements QueueEvent {
        @Override
        public String line() {
            return "queue: " + segment + ": " + octets + " octets from " + offset
                    + " were being written when the machine or queue stopped; no client was told they were kept; cut";
        }
    }

    /** A record that had been safe is not what was written. */
    @EventName("records-damaged")
    record Damaged(String segment, long offset, long octets, String why, String copy) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: " + segment + ": " + octets + " octets from " + offset + " are damaged ("
                    + LogText.sentence(why) + "); copied to queue/" + copy
                    + "; look at it with \"strings\" or from a backup, and check the disk; the rest goes on";
        }
    }

    /** A segment that messages are in is not there. */
    @EventName("segment-missing")
    record Missing(String file, long messages) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: queue/" + file + " is missing, and " + messages
                    + " messages with it; stop queue, put the file back from a backup, start again";
        }
    }

    /** A segment is shorter than it was. */
    @EventName("segment-shortened")
    record Shortened(String segment, long size, long end) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: queue/" + segment + " has " + size + " octets and had " + end
                    + "; messages or outcomes that stood behind are lost: mail may be missing or delivered twice; stop"
                    + " queue, put the file back from a backup, start again; check the disk";
        }
    }

    /** Nothing new is taken. */
    @EventName("disk-low")
    record DiskLow(long usable, long floor) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: disk low: " + usable + " octets left, below " + floor
                    + " (control/queuediskfloor); new messages are put off with 4.3.1 until there is room";
        }
    }

    /** The folder is not where it was. */
    @EventName("folder-gone")
    record FolderGone(String folder) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: " + LogText.sentence(folder)
                    + " is no longer there: HOME was renamed or removed, or what"
                    + " is mounted there has gone; new messages are put off with 4.3.0 until it is back. Rename it back, or"
                    + " stop Carteiro and start it with the new --home";
        }
    }

    /** It is there again. */
    @EventName("folder-back")
    record FolderBack() implements QueueEvent {
        @Override
        public String line() {
            return "queue: its folder is there again; messages are taken";
        }
    }

    /** What waits takes all the memory it may. */
    @EventName("queue-full")
    record QueueFull(long messages, long octets) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: full: " + messages + " messages wait and take " + octets
                    + " octets of memory here or in send, a quarter of the heap; new messages are put off with 4.3.1 until some have ended";
        }
    }

    /** New messages are taken again. */
    @EventName("disk-has-room")
    record DiskHasRoom(long usable) implements QueueEvent {
        @Override
        public String line() {
            return "queue: disk has room again: " + usable + " octets";
        }
    }

    /** The log could not be written. */
    @EventName("queue-write-failed")
    record WriteFailed(String segment, String why) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: " + segment + ": cannot write (" + LogText.sentence(why)
                    + "); messages are put off with 4.3.0 and nothing answered is lost; free or repair the disk, queue"
                    + " goes on by itself";
        }
    }

    /** A write or sync does not come back. */
    @EventName("disk-slow")
    record DiskSlow(long seconds) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: the disk has not answered for " + seconds
                    + " s; who sends a message waits, and is told to try again later if it takes long; look at the disk";
        }
    }

    /** It came back. */
    @EventName("disk-answers")
    record DiskAnswers(long seconds) implements QueueEvent {
        @Override
        public String line() {
            return "queue: the disk has answered, after " + seconds + " s";
        }
    }

    /** The log can be written again. */
    @EventName("queue-writes-again")
    record WritesAgain(String segment) implements QueueEvent {
        @Override
        public String line() {
            return "queue: " + segment + ": writing again";
        }
    }

    /** A message could not be written to a file of its own. */
    @EventName("large-file-failed")
    record LargeFailed(String file, String why) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: " + file + ": cannot write a message (" + LogText.sentence(why)
                    + "); it was put off with 4.3.0; free or repair the disk";
        }
    }

    /** A checkpoint could not be written. */
    @EventName("checkpoint-failed")
    record CheckpointFailed(String why) implements QueueEvent {
        @Override
        public String line() {
            return "warning: queue: cannot write a checkpoint (" + LogText.sentence(why)
                    + "); nothing is lost, but the next start takes longer; tried again";
        }
    }

    /** A checkpoint could not be used. */
    @EventName("checkpoint-unusable")
    record CheckpointUnusable(String file, String why) implements QueueEvent {
        @Override
        public String line() {
            return "alert: queue: queue/" + file + " cannot be used (" + LogText.sentence(why)
                    + "); an older one or all segments are read instead; messages delivered long ago may be delivered"
                    + " again; check the disk";
        }
    }

    /** Live messages were copied out of a sparse segment. */
    @EventName("segment-rewritten")
    record Rewritten(String segment, long messages, long octets) implements QueueEvent {
        @Override
        public String line() {
            return "queue: " + segment + ": rewritten: messages " + messages + " octets " + octets;
        }
    }

    /** An import that did not come to its end is undone. */
    @EventName("import-undone")
    record ImportUndone(long messages) implements QueueEvent {
        @Override
        public String line() {
            return "queue: an import was broken off: its " + messages
                    + " messages are out of the queue again; import the export once more";
        }
    }

    /** Something that is not queue's is in its folder. */
    @EventName("file-unknown")
    record Stranger(String file) implements QueueEvent {
        @Override
        public String line() {
            return "warning: queue: queue/" + LogText.safe(file) + " is not a file of queue; left alone; move it away";
        }
    }
}
