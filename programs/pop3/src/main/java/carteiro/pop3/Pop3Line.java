package carteiro.pop3;

import java.util.Arrays;

/** What a client said in one line, or what stood in its place. */
sealed interface Pop3Line {
    /** A command. Its argument may be a password: whoever takes it clears it. */
    final class Pop3Command implements Pop3Line {
        private final String verb;
        private final byte[] argument;

        Pop3Command(String verb, byte[] argument) {
            this.verb = verb;
            this.argument = argument;
        }

        /** In lower case; empty if it is too long for any command. */
        String verb() {
            return verb;
        }

        /** What follows the blanks behind the verb, to the end of the line; the array itself, not a copy. */
        byte[] argument() {
            return argument;
        }

        void clear() {
            Arrays.fill(argument, (byte) 0);
        }
    }

    /** A line that is no command; the next may be one. */
    record Pop3Malformed(String reason) implements Pop3Line {}

    /** A line without an end: there is nothing more to understand. */
    record Pop3Endless() implements Pop3Line {}

    /** The client has gone. */
    record Pop3End() implements Pop3Line {}
}
