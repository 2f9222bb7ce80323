package carteiro.local;

import carteiro.mail.Address;
import java.util.ArrayList;
import java.util.List;

/** One line of a {@code .qmail} file or of the default delivery (docs/programs/dot-qmail.md). */
sealed interface Instruction {
    /** {@code |command}: for /bin/sh. */
    record ProgramLine(String command) implements Instruction {}

    /** {@code &address}, or anything that is none of the rest. */
    record ForwardLine(Address target) implements Instruction {}

    /** {@code ./file} or {@code /file}. */
    record MboxLine(String file) implements Instruction {}

    /** {@code ./folder/} or {@code /folder/}. */
    record MaildirLine(String folder) implements Instruction {}

    /** {@code +list}: no file and no program from here on. */
    record ForwardsFromHere() implements Instruction {}

    /** Programs, mbox files and Maildirs of one list of instructions; a longer one is refused. */
    int MOST_DELIVERIES = 500;

    /** Forwards of one list of instructions; a longer one is refused. Lists of that size want a list manager. */
    int MOST_FORWARDS = 10_000;

    /** What a text says. */
    sealed interface ParsedInstructions {
        /** To be done from top to bottom. */
        record Instructions(List<Instruction> list) implements ParsedInstructions {
            /** Copies the list. */
            public Instructions {
                list = List.copyOf(list);
            }
        }

        /**
         * Nothing, because of a mistake.
         *
         * @param line counted from 1
         */
        record Mistake(int line, String text) implements ParsedInstructions {}
    }

    /** Reads a text that is not empty. */
    static ParsedInstructions parse(String text) {
        var list = new ArrayList<Instruction>();
        int deliveries = 0;
        int number = 0;
        for (int from = text.startsWith(MARK) ? MARK.length() : 0; from < text.length(); ) {
            int lineFeed = text.indexOf('\n', from);
            int end = lineFeed < 0 ? text.length() : lineFeed;
            String line = trimEnd(text, from, end);
            from = end + 1;
            number++;
            if (line.isEmpty() && number == 1) {
                return new ParsedInstructions.Mistake(1, BLANK);
            }
            if (line.indexOf(0) >= 0) {
                return new ParsedInstructions.Mistake(number, "the line has a NUL");
            }
            if (line.endsWith("\r")) { // ./Maildir/CR would be an mbox of that name, in which nobody looks
                return new ParsedInstructions.Mistake(number, "the line ends in CR LF, write plain line ends (LF)");
            }
            if (line.isEmpty() || line.startsWith("#") || line.startsWith("+") && !line.equals("+list")) {
                continue;
            }
            Instruction instruction = instruction(line);
            if (instruction instanceof ForwardLine(Address target) && target.equals(NONE)) {
                return new ParsedInstructions.Mistake(number, "the address has over " + Address.LIMIT + " octets");
            }
            list.add(instruction);
            deliveries += instruction instanceof ForwardLine ? 0 : 1;
            if (deliveries > MOST_DELIVERIES || list.size() - deliveries > MOST_FORWARDS) {
                return new ParsedInstructions.Mistake(
                        number, "there are over " + MOST_DELIVERIES + " deliveries or " + MOST_FORWARDS + " forwards");
            }
        }
        return new ParsedInstructions.Instructions(list);
    }

    /** The mistake of a text that begins with an empty line. */
    String BLANK = "the first line is blank";

    /** U+FEFF in UTF-8, which some editors write at the start of a file; no part of the first line. */
    String MARK = "\u00ef\u00bb\u00bf";

    /** Stands for an address that is too long to be one. */
    Address NONE = new Address("(too long)");

    private static Instruction instruction(String line) {
        return switch (line.charAt(0)) {
            case '|' -> new ProgramLine(line.substring(1));
            case '.', '/' -> line.endsWith("/") ? new MaildirLine(line) : new MboxLine(line);
            case '+' -> new ForwardsFromHere();
            case '&' -> forward(line.substring(1));
            default -> forward(line);
        };
    }

    /** {@code <address>} is the address: people write it as in a message, and no mailbox is named so. */
    private static ForwardLine forward(String text) {
        boolean bracketed = text.startsWith("<") && text.indexOf('>') == text.length() - 1 && text.indexOf('<', 1) < 0;
        String inside = bracketed ? text.substring(1, text.length() - 1) : text;
        String address = inside.indexOf('@') > 0 ? inside : text; // <> and <joe> stay what they are
        return new ForwardLine(address.length() > Address.LIMIT ? NONE : new Address(address));
    }

    private static String trimEnd(String text, int from, int end) {
        int last = end;
        while (last > from && (text.charAt(last - 1) == ' ' || text.charAt(last - 1) == '\t')) {
            last--;
        }
        return text.substring(from, last);
    }
}
