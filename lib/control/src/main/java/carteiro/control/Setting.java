package carteiro.control;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A setting: a file in HOME/control, declared in {@link Settings}. What programs use, what showctl prints, what check looks at and
 * what docs/control says comes from here. Nothing changes it.
 *
 * @param <T> what {@link ControlFiles#get} gives
 */
public final class Setting<T> {
    private final String name;
    private final SettingFormat format;
    private final Absence absence;
    private final String standard;
    private final NumberRange range;
    private final List<String> words;
    private final String readers;
    private final String meaning;
    private final SettingReader<T> reader;
    private final UnaryOperator<String> mask;

    /** Makes a value of what the file holds; what is wrong with it is noted in {@code files}. */
    interface SettingReader<T> {
        T read(ControlFiles files, Setting<T> setting);
    }

    private Setting(Declaration declared, SettingReader<T> reader) {
        this.name = declared.name;
        this.format = declared.format;
        this.absence = declared.absence;
        this.standard = declared.standard;
        this.range = declared.range;
        this.words = declared.words;
        this.readers = declared.readers;
        this.meaning = declared.meaning;
        this.reader = reader;
        this.mask = declared.mask;
    }

    /** Its name, which is its file's. */
    public String name() {
        return name;
    }

    /** How its file is read. */
    public SettingFormat format() {
        return format;
    }

    /** What a missing file means. */
    public Absence absence() {
        return absence;
    }

    /** The value, or in words what holds, when the file is missing; empty where {@code me} stands in. */
    public String standard() {
        return standard;
    }

    /** The numbers that it takes, if its format is {@link SettingFormat#NUMBER}. */
    public NumberRange range() {
        return range;
    }

    /** The words that it takes, in lower case; empty if it is free text, or no line. */
    public List<String> words() {
        return words;
    }

    /** The programs that read it, with commas between them. */
    public String readers() {
        return readers;
    }

    /** One sentence without its full stop. */
    public String meaning() {
        return meaning;
    }

    /** A line of it as others may see it: without a password that may stand in it. */
    public String shown(String line) {
        return mask.apply(line);
    }

    T read(ControlFiles files) {
        return reader.read(files, this);
    }

    @Override
    public String toString() {
        return "control/" + name;
    }

    /** What stands in a declaration, part by part. */
    static final class Declaration {
        private final String name;
        private final SettingFormat format;
        private Absence absence = Absence.NOTHING;
        private String standard = "";
        private NumberRange range = NumberRange.NONE;
        private List<String> words = List.of();
        private String readers = "";
        private String meaning = "";
        private UnaryOperator<String> mask = UnaryOperator.identity();

        Declaration(String name, SettingFormat format) {
            this.name = name;
            this.format = format;
        }

        /** The value that holds without the file. */
        Declaration standard(String value) {
            absence = Absence.STANDARD;
            standard = value;
            return this;
        }

        /** There is no such value: in words, what that means. */
        Declaration otherwise(String words) {
            absence = Absence.NOTHING;
            standard = words;
            return this;
        }

        Declaration otherwise(Absence me) {
            absence = me;
            return this;
        }

        Declaration range(NumberRange numbers) {
            range = numbers;
            return this;
        }

        Declaration words(List<String> known) {
            words = List.copyOf(known);
            return this;
        }

        /** What others may see of a line. */
        Declaration masked(UnaryOperator<String> ofLine) {
            mask = ofLine;
            return this;
        }

        /** The programs that read it, and what it means. */
        <T> Setting<T> readBy(String programs, String sentence, SettingReader<T> reader) {
            readers = programs;
            meaning = sentence;
            return new Setting<>(this, reader);
        }
    }
}
