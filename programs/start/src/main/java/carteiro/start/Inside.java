package carteiro.start;

import carteiro.control.ControlException;
import carteiro.protocol.Program;
import carteiro.protocol.Wires;
import java.io.IOException;
import java.time.Duration;

/** A program's life in this process. */
record Inside(String name, Program.Running running, Wires wires) implements Life {
    static Beginning with(Program.Surroundings surroundings) {
        return (program, _) -> {
            try {
                return new Inside(program.name(), program.start(surroundings), surroundings.wires());
            } catch (IOException e) {
                throw Unreadable.setting(e, surroundings.installation());
            }
        };
    }

    @Override
    public boolean alive() {
        return running.alive() && wires.serves(name);
    }

    @Override
    public String ending() {
        return "it says that it can no longer work";
    }

    @Override
    public long pid() {
        return ProcessHandle.current().pid();
    }

    @Override
    public String status() {
        return running.status();
    }

    @Override
    public void reload() throws ControlException, IOException {
        running.reload();
    }

    @Override
    public void tryNow() {
        running.tryNow();
    }

    @Override
    public void stop(Duration patience) {
        running.stop(patience);
    }
}
