package carteiro.start;

import carteiro.log.EventName;
import carteiro.log.LogEvent;
import carteiro.log.LogText;

/** What start does to programs, as lines of the log (docs/programs/start.md). */
sealed interface StartEvent extends LogEvent {
    @Override
    default String program() {
        return "start";
    }

    /** A program is at work. */
    @EventName("program-ready")
    record ProgramReady(String other, long pid) implements StartEvent {
        @Override
        public String line() {
            return "start: " + other + " ready pid " + pid;
        }
    }

    /** A program could not start. */
    @EventName("program-not-started")
    record NotStarted(String other, String reason, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + other + " cannot start: " + LogText.sentence(reason) + "; trying again in "
                    + seconds + " s";
        }
    }

    /** A program ended by itself. */
    @EventName("program-died")
    record Died(String other, String reason, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + other + " ended by itself: " + LogText.sentence(reason)
                    + "; starting it again in " + seconds + " s";
        }
    }

    /** A program is told to stop. */
    @EventName("program-stopping")
    record Stopping(String other, long seconds) implements StartEvent {
        @Override
        public String line() {
            return "start: " + other + " stopping, for at most " + seconds + " s";
        }
    }

    /** A program has stopped. */
    @EventName("program-stopped")
    record Stopped(String other) implements StartEvent {
        @Override
        public String line() {
            return "start: " + other + " stopped";
        }
    }

    /** Nothing was started. */
    @EventName("start-cannot-start")
    record CannotStart(String reason) implements StartEvent {
        @Override
        public String line() {
            return "alert: cannot start: " + LogText.sentence(reason);
        }
    }

    /** Every program has read its settings again. */
    @EventName("settings-reloaded")
    record Reloaded(String changes) implements StartEvent {
        @Override
        public String line() {
            return "start: settings read again; " + LogText.sentence(changes);
        }
    }

    /** A reload found a mistake; the old settings stay. */
    @EventName("reload-refused")
    record ReloadRefused(String other, String problem) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + other + " keeps its old settings: " + LogText.sentence(problem);
        }
    }

    /** Whether a program has its new settings is not known. */
    @EventName("reload-unanswered")
    record ReloadUnanswered(String other, String problem) implements StartEvent {
        @Override
        public String line() {
            return "alert: start: " + other + " did not say whether it has read its settings: "
                    + LogText.sentence(problem) + "; see carteiro status, and reload again if it runs";
        }
    }
}
