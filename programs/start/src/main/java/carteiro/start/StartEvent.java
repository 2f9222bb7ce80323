package carteiro.start;

import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What start does to programs, as lines of the log (docs/programs/start.md). */
sealed interface StartEvent extends LogEvent {
    /** A program is at work. */
    record Ready(String program, long pid) implements StartEvent {
        @Override
        public String line() {
            return "start: " + program + " ready pid " + pid;
        }
    }

    /** A program could not start. */
    record NotStarted(String program, String reason, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + program + " cannot start: " + LogText.sentence(reason) + "; trying again in "
                    + seconds + " s";
        }
    }

    /** A program ended by itself. */
    record Died(String program, String reason, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + program + " ended by itself: " + LogText.sentence(reason)
                    + "; starting it again in " + seconds + " s";
        }
    }

    /** A program is told to stop. */
    record Stopping(String program, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "start: " + program + " stopping, for at most " + seconds + " s";
        }
    }

    /** A program has stopped. */
    record Stopped(String program) implements StartEvent {
        @Override
        public String line() {
            return "start: " + program + " stopped";
        }
    }

    /** Nothing was started. */
    record CannotStart(String reason) implements StartEvent {
        @Override
        public String line() {
            return "alert: cannot start: " + LogText.sentence(reason);
        }
    }

    /** Every program has read its settings again. */
    record Reloaded(String changes) implements StartEvent {
        @Override
        public String line() {
            return "start: settings read again; " + LogText.sentence(changes);
        }
    }

    /** A reload found a mistake; the old settings stay. */
    record ReloadRefused(String program, String problem) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + program + " keeps its old settings: " + LogText.sentence(problem);
        }
    }

    /** Whether a program has its new settings is not known. */
    record ReloadUnanswered(String program, String problem) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + program + " did not say whether it has read its settings: "
                    + LogText.sentence(problem) + "; see carteiro status, and reload again if it runs";
        }
    }
}
