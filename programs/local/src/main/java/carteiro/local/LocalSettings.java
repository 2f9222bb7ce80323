package carteiro.local;

import carteiro.control.ControlException;
import carteiro.control.ControlFiles;
import carteiro.control.Installation;
import java.util.List;

/**
 * What local reads from control files.
 *
 * @param defaultDelivery what is done for an account without a {@code .qmail} file
 */
record LocalSettings(List<Instruction> defaultDelivery) {
    /** What control/defaultdelivery is if there is no such file; qmail-start's. */
    static final String DEFAULT_DELIVERY = "./Mailbox";

    /** Copies the list. */
    LocalSettings {
        defaultDelivery = List.copyOf(defaultDelivery);
    }

    static LocalSettings read(Installation installation) throws ControlException {
        var files = new ControlFiles(installation);
        String text = files.text("defaultdelivery").orElse(DEFAULT_DELIVERY);
        List<Instruction> instructions = List.of();
        switch (Instruction.parse(text)) {
            case Instruction.Parsed.Instructions(var list) -> {
                instructions = list;
                if (list.isEmpty()) {
                    files.problem(
                            "defaultdelivery",
                            0,
                            "has no instruction, so mail would vanish; write ./Maildir/ or remove the file");
                }
            }
            case Instruction.Parsed.Mistake(int line, String mistake) ->
                files.problem(
                        "defaultdelivery", line, mistake + "; write what a .qmail file may hold, such as ./Maildir/");
        }
        files.check();
        return new LocalSettings(instructions);
    }
}
