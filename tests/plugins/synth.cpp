// Sines: a voice sounds from its note-on to its note-off, to the sample, at a quarter of its velocity;
// frame n of a voice is velocity / 127 / 4 * sin(2 pi f n / rate). "Level" scales them all. It says that it
// answers 32 samples late, and does.
#include "DistrhoPlugin.hpp"

#include <cmath>
#include <cstring>

START_NAMESPACE_DISTRHO

static const uint32_t kLatency = 32;

class SynthPlugin : public Plugin {
public:
    SynthPlugin() : Plugin(1, 0, 0), level(1.0f) {
        setLatency(kLatency);
        activate();
    }

protected:
    const char* getLabel() const override { return "synth"; }
    const char* getMaker() const override { return "nast-fx tests"; }
    const char* getLicense() const override { return "GPL-3.0-or-later"; }
    uint32_t getVersion() const override { return d_version(1, 0, 0); }
    int64_t getUniqueId() const override { return d_cconst('N', 'S', 'y', 'n'); }

    void initParameter(uint32_t, Parameter& parameter) override {
        parameter.hints = kParameterIsAutomatable;
        parameter.name = "Level";
        parameter.symbol = "level";
        parameter.ranges.min = 0.0f;
        parameter.ranges.max = 1.0f;
        parameter.ranges.def = 1.0f;
    }

    float getParameterValue(uint32_t) const override { return level; }
    void setParameterValue(uint32_t, float value) override { level = value; }
    // A host may play a note while it looks at the plugin: nothing of it stays.
    void activate() override {
        std::memset(voices, 0, sizeof voices);
        std::memset(held, 0, sizeof held);
        place = 0;
    }

    void run(const float**, float** outputs, uint32_t frames, const MidiEvent* events, uint32_t count) override {
        uint32_t next = 0;
        for (uint32_t n = 0; n < frames; ++n) {
            for (; next < count && events[next].frame <= n; ++next) take(events[next]);
            float sum = 0.0f;
            for (int note = 0; note < 128; ++note) {
                Voice& voice = voices[note];
                if (voice.velocity == 0) continue;
                const double hertz = 440.0 * std::pow(2.0, (note - 69) / 12.0);
                const double turn = 2.0 * M_PI * hertz * voice.age++ / getSampleRate();
                sum += voice.velocity / 127.0f / 4.0f * float(std::sin(turn));
            }
            for (int channel = 0; channel < NAST_CHANNELS; ++channel) outputs[channel][n] = level * held[place];
            held[place] = sum;
            place = (place + 1) % kLatency;
        }
    }

private:
    struct Voice {
        int velocity;
        uint32_t age;
    };

    void take(const MidiEvent& event) {
        const int kind = event.data[0] & 0xF0, note = event.data[1] & 0x7F;
        if (kind == 0x90 && event.data[2] > 0) voices[note] = {event.data[2], 0};
        else if (kind == 0x80 || kind == 0x90) voices[note] = {0, 0};
    }

    float level;
    Voice voices[128];
    float held[kLatency];
    uint32_t place;
};

Plugin* createPlugin() { return new SynthPlugin(); }

END_NAMESPACE_DISTRHO
